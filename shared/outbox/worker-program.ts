// The outbox worker's entry file, as a service has one.
import { openSqliteOutbox, serveOutboxWorker } from "./mod.ts";

serveOutboxWorker(openSqliteOutbox);

// The outbox worker's entry file, as a service has one.
import { serveOutboxWorker } from "./mod.ts";

serveOutboxWorker();

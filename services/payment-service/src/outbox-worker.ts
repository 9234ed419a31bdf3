import { serveOutboxWorker } from "@order-outbox/outbox";

serveOutboxWorker();

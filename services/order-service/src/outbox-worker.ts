import { openSqliteOutbox, serveOutboxWorker } from "@order-outbox/outbox";
import { startTracing } from "@order-outbox/telemetry";

const tracing = await startTracing({ service: "order-service", env: process.env });
serveOutboxWorker(openSqliteOutbox, tracing?.outbox);

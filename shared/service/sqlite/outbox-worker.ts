// The thread that publishes what a service has in its outbox.
import { openSqliteOutbox, serveOutboxWorker } from "@order-outbox/outbox";
import { startTracing } from "@order-outbox/telemetry";

serveOutboxWorker(openSqliteOutbox, async ({ clientId: service }) => {
  const tracing = await startTracing({ service, env: process.env });
  return tracing?.outbox;
});

import type { OutboxReader, OutboxWorker } from "@order-outbox/outbox";
import { createMetrics, type Metrics } from "@order-outbox/service-kit";
import type { Running } from "./running.ts";

/** The metrics of a service: those of what it is made of. */
export function measure(
  { database, storage, inbox, worker }: Running,
  about: { service: string; databasePath: string; droppedLogLines(): number },
): Metrics {
  const { outbox } = database;
  return createMetrics({
    ...about,
    writable: storage.writable,
    commitQueueDepth: database.waiting,
    ...(outbox && worker && { outbox: () => readOutbox(outbox.reader, worker) }),
    ...(inbox && { inbox: inbox.status }),
  });
}

async function readOutbox(reader: OutboxReader, worker: OutboxWorker) {
  return {
    ...(await reader.facts()),
    pending: await reader.countPending(),
    relay: worker.status(),
    silentFor: worker.silentFor(),
  };
}

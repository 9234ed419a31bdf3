import { subscribe } from "node:diagnostics_channel";
import type { AnyEvent } from "@order-outbox/contracts";
import { createKafkaClient } from "@order-outbox/kafka";
import { createInboxStore, INBOX_STEPS, type InboxStep, startInbox } from "./mod.ts";
import { LEAVES_ROW, openReaderDatabase, openReaderQueue } from "./test-inbox.ts";

/** What the fixture gets as the JSON of its first argument. */
export interface CrashOrder {
  kafkaHost: string;
  topics: readonly string[];
  groupId: string;
  databasePath: string;
  /** The process kills itself when the inbox tells this step of this event. */
  killAt: { step: InboxStep["step"]; eventId: string };
  /** An event whose preparation never ends. */
  hangAt?: string;
}

const order: CrashOrder = JSON.parse(process.argv[2] ?? "");
const log = { debug() {}, info() {}, warn: console.log, error: console.log };

subscribe(INBOX_STEPS, (message) => {
  const { step, eventId } = message as InboxStep;
  if (step !== order.killAt.step || eventId !== order.killAt.eventId) return;
  process.kill(process.pid, "SIGKILL");
});

const db = openReaderDatabase(order.databasePath);
const units = openReaderQueue(db);
startInbox({
  client: createKafkaClient({ brokers: order.kafkaHost.split(","), clientId: "crash", log }),
  store: createInboxStore(db, units, order.groupId, Date.now),
  units,
  isFromOrigin: () => true,
  topics: Object.fromEntries(order.topics.map((topic) => [topic, 1])),
  handlers: {
    ORDER_CREATED: {
      async prepare({ id }: AnyEvent) {
        if (id === order.hangAt) await new Promise(() => {});
      },
      ...LEAVES_ROW,
    },
  },
  log,
  now: Date.now,
});

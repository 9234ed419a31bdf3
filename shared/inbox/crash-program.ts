import { subscribe } from "node:diagnostics_channel";
import type { AnyEvent } from "@order-outbox/contracts";
import { createKafkaClient } from "@order-outbox/kafka";
import { createInboxStore, INBOX_CRASH_POINTS, type InboxCrashPoint, startInbox } from "./mod.ts";
import { ANYWHERE, LEAVES_ROW, openReaderDatabase, openReaderQueue } from "./test-inbox.ts";

/** What this program gets as the JSON of its first argument. */
export interface CrashOrder {
  kafkaHost: string;
  topics: readonly string[];
  groupId: string;
  /** Another consumer that works on the same database. */
  secondGroupId?: string;
  databasePath: string;
  /** The process kills itself when an inbox tells this step of this event, or when it is told again. */
  killAt: { step: InboxCrashPoint["step"]; eventId: string; time?: 1 | 2 };
  /** An event whose preparation never ends. */
  hangAt?: string;
}

const order: CrashOrder = JSON.parse(process.argv[2] ?? "");
const log = { debug() {}, info() {}, warn: console.log, error: console.log };

let told = 0;
subscribe(INBOX_CRASH_POINTS, (message) => {
  const { step, eventId } = message as InboxCrashPoint;
  if (step !== order.killAt.step || eventId !== order.killAt.eventId) return;
  told += 1;
  if (told < (order.killAt.time ?? 1)) return;
  process.kill(process.pid, "SIGKILL");
});

const db = openReaderDatabase(order.databasePath);
const units = openReaderQueue(db);
for (const groupId of [order.groupId, order.secondGroupId]) {
  if (groupId !== undefined) consume(groupId);
}

function consume(groupId: string): void {
  startInbox({
    client: createKafkaClient({ brokers: order.kafkaHost.split(","), clientId: "crash", log }),
    store: createInboxStore(db, units, groupId, Date.now),
    units,
    events: ANYWHERE,
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
}

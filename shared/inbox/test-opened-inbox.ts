import type { ConsumedRecord } from "@order-outbox/kafka";
import type { AuditEntry, HeldDesk } from "@order-outbox/operator";
import type { Effect, Units } from "@order-outbox/units";
import { holdEvent, recordApplied } from "./effects.ts";
import type { AppliedEvent, EventIdentity, Holding, InboxStore, OperatorRequest } from "./store.ts";

/** For contract suites: an inbox in some kind of database, empty, with what only tests ask of it. */
export interface OpenedInbox extends AsyncDisposable {
  units: Units;
  /** The store of one consumer; all are of one database. */
  store(consumer: string): InboxStore;
  desk: HeldDesk;
  /** Asks something as another process may. */
  ask(request: Omit<OperatorRequest, "id"> & { consumer: string | null }): Promise<void>;
  /** What the audit has, in order. */
  audited(): Promise<AuditEntry[]>;
  /** From now on nothing more can be written into the audit. */
  spoilAudit(): Promise<void>;
}

export const AT = "2026-01-01T00:00:00.000Z";
export const CLUSTER = "cluster-1";

export const recordAt = (offset: number, topic = "t"): ConsumedRecord => ({
  topic,
  partition: 0,
  offset,
  key: Buffer.from("order-1"),
  value: Buffer.from([0, 255, offset]),
  headers: { ce_id: `event-${offset}`, twice: ["a", null] },
  timestamp: Date.parse(AT),
});

/** What is set aside, when nothing else matters. */
export const heldWith = (
  holding: Partial<Holding & EventIdentity> = {},
): EventIdentity & Holding => ({
  eventId: "event-1",
  eventSource: "/tests",
  eventType: "ORDER_CREATED",
  eventKey: "order-1",
  state: "PARKED",
  errorCode: "HANDLER_FAILED",
  lastError: "poison",
  attempts: 1,
  nextAttemptAt: null,
  ...holding,
});

export const hold = (
  consumer: string,
  offset: number,
  held: Partial<Holding & EventIdentity> = {},
): Effect =>
  holdEvent({
    consumer,
    clusterId: CLUSTER,
    record: recordAt(offset),
    held: heldWith(held),
    at: AT,
  });

export const event = (id: string, source = "/tests"): AppliedEvent => ({
  id,
  source,
  type: "ORDER_CREATED",
});

export const apply = (consumer: string, applied: AppliedEvent, at = AT): Effect =>
  recordApplied({ consumer, event: applied, record: recordAt(0), at });

/** Whether a unit of these effects is committed. */
export async function commits({ units }: OpenedInbox, ...effects: Effect[]): Promise<boolean> {
  return (await units.commit({ effects })).committed;
}

/** What opens inboxes for a suite, and closes them after each test. */
export function openedBy(open: () => Promise<OpenedInbox>) {
  const opened: OpenedInbox[] = [];
  return {
    async fresh(): Promise<OpenedInbox> {
      const inbox = await open();
      opened.push(inbox);
      return inbox;
    },
    async close(): Promise<void> {
      for (const inbox of opened.splice(0)) await inbox[Symbol.asyncDispose]();
    },
  };
}

import type { ConsumedRecord } from "@order-outbox/kafka";
import { defineEffect } from "@order-outbox/units";
import type { OffsetTracker } from "./offset-tracker.ts";
import type { AppliedEvent, EventIdentity, Holding } from "./store.ts";

/**
 * Remembers that a consumer has applied an event; one that is known refuses. It has no conflict key:
 * of two units with one event the second is refused however they are grouped.
 */
export const recordApplied = defineEffect<
  { consumer: string; event: AppliedEvent; record: ConsumedRecord; at: string },
  undefined
>("inbox row");

/** Sets an event aside; one that is held already stays as it is. */
export const holdEvent = defineEffect<{
  consumer: string;
  clusterId: string;
  record: ConsumedRecord;
  held: EventIdentity & Holding;
  /** ISO 8601. */
  at: string;
}>("held event");

/** Notes how another attempt at a held event ended. */
export const changeHeld = defineEffect<{
  id: number;
  holding: Holding;
  /** The event gives up its key, so that no other one waits for it. */
  alone: boolean;
}>("held event changed");

/** Forgets a held event, which took effect. */
export const releaseHeld = defineEffect<{ id: number }>("held event released");

/**
 * Says that a record is finished. Summed up: the offset of each partition is written once per
 * transaction, as far as its tracker says, and never back.
 */
export const finishRecord = defineEffect<{
  consumer: string;
  clusterId: string;
  topic: string;
  partition: number;
  /** Left out when nothing but what the tracker knows is to be written. */
  offset?: number;
  tracker: OffsetTracker;
  /** ISO 8601. */
  at: string;
}>("record finished");

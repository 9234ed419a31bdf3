import { type ErrorCode, isAppError, toAppError } from "@order-outbox/errors";
import { traceIdOf } from "@order-outbox/events";
import type { PartitionHolds } from "./partition-holds.ts";
import type { RelayDeps, RelayStatus } from "./relay-types.ts";
import type { RoundPart } from "./round.ts";

/** What holding back needs: the relay's world, and what it keeps. */
export interface HoldBackDeps
  extends Pick<RelayDeps, "store" | "log" | "now" | "monotonic" | "random"> {
  holds: PartitionHolds;
  status: RelayStatus;
  /** How often a record must be refused on its own before it is parked. */
  refusalsToPark: number;
}

/** What passes by itself is a warning; for anything else somebody has to do something. */
const levelOf = (code: ErrorCode) => (code === "BROKER_NOT_READY" ? "warn" : "error");

/**
 * Decides what follows for the rows of a partition that were not written. A refusal of many says
 * nothing about one of them: fewer are sent next time, until the refused record stands alone, is
 * charged, and in the end parked. Any other error holds the partition and charges nobody.
 */
export async function holdBack(deps: HoldBackDeps, part: RoundPart, error: Error): Promise<void> {
  const { store, holds, status, log, now, monotonic, random, refusalsToPark } = deps;
  const { topic, partition, rows } = part;
  const refused = isAppError(error, "RECORD_REFUSED");
  const [only] = rows;
  if (refused && rows.length > 1) {
    holds.halve(topic, partition, rows.length);
    return;
  }
  if (!refused || only === undefined) {
    const { code, message } = toAppError(error);
    const isNews = holds.hold(topic, partition, monotonic(), random(), { code, message });
    const fields = { topic, partition, rows: rows.length, code };
    if (isNews) log[levelOf(code)](fields, `partition waits: ${message}`);
    return;
  }
  holds.hold(topic, partition, monotonic(), random());
  status.refusals += 1;
  const parked = (await store.attemptsOf(only.id)) + 1 >= refusalsToPark;
  await store.chargeRefusal(only.id, error.message, parked ? new Date(now()).toISOString() : null);
  if (!parked) return;
  status.parked += 1;
  const { id, eventId, subject, traceparent } = only;
  log.error(
    { outboxId: id, eventId, subject, traceId: traceIdOf(traceparent) },
    `event parked, the broker refuses it: ${error.message}`,
  );
}

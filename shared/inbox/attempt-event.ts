import { AppError, isAppError, isoTime, toAppError } from "@order-outbox/errors";
import type { EventOf } from "@order-outbox/events";
import type { ConsumedRecord } from "@order-outbox/kafka";
import type { Effect, UnitResult } from "@order-outbox/units";
import { tellCrashPoint } from "./crash-points.ts";
import { recordApplied } from "./effects.ts";
import type { AnyHandler } from "./handler.ts";
import type { FollowedWork } from "./observer.ts";
import { waitOutTrouble } from "./wait-out-trouble.ts";
import type { WorkDeps } from "./work-deps.ts";

/** How long a handler's calls may take that does not say so itself. */
const CALL_LIMIT_MS = 30_000;

/** Commits effects together with what else ends the work on an event. */
export type Commit = (
  effects: readonly Effect[],
  traceparent: string | undefined,
) => UnitResult | Promise<UnitResult>;

/** An event at hand: the record it came in, who handles it, and what ends the work on it. */
export interface EventAtHand {
  event: EventOf;
  record: ConsumedRecord;
  handler: AnyHandler;
  commit: Commit;
}

/** What an attempt at an event came to. */
export type Attempt =
  | { kind: "applied" }
  | { kind: "duplicate" }
  /** `effects` are kept all the same, in the transaction that sets the event aside. */
  | { kind: "failed"; error: AppError; effects?: readonly Effect[] };

/**
 * Tries an event once: asynchronous work, a decision, then its effects and the inbox row through its
 * `commit`, which adds what belongs to the same transaction. Trouble of a database (full, busy) is
 * not the event's and is waited out here.
 *
 * @param failures attempts that failed before
 * @throws AppError SHUTTING_DOWN
 */
export function attemptEvent(deps: WorkDeps, hand: EventAtHand, failures = 0): Promise<Attempt> {
  const { event, record } = hand;
  const work = deps.follow?.({ event, record, attempt: failures + 1, repeated: failures > 0 });
  return work === undefined ? workOn(deps, hand) : workFollowed(work, deps, hand);
}

async function workFollowed(
  work: FollowedWork,
  deps: WorkDeps,
  hand: EventAtHand,
): Promise<Attempt> {
  try {
    const event = { ...hand.event, traceparent: work.traceparent };
    const attempt = await workOn(deps, { ...hand, event });
    work.end(attempt.kind, attempt.kind === "failed" ? attempt.error : undefined);
    return attempt;
  } catch (error) {
    work.end("abandoned");
    throw error;
  }
}

async function workOn(deps: WorkDeps, hand: EventAtHand): Promise<Attempt> {
  const { event, record, handler, commit } = hand;
  try {
    const preparing = waitOutTrouble(deps, () => prepare(deps, event, handler));
    const prepared = preparing instanceof Promise ? await preparing : preparing;
    tellCrashPoint("prepared", event);
    const decision = handler.decide(event as never, prepared as never);
    if ("error" in decision) return { kind: "failed", ...decision };
    const at = isoTime(deps.now());
    const applied = recordApplied({ consumer: deps.store.consumer, event, record, at });
    const result = await commit([...decision, applied], event.traceparent);
    if (!result.committed) return refusedWork(deps, hand, result);
    tellCrashPoint("committed", event);
    deps.counters.processed += 1;
    tellDone(deps, () => handler.done?.(event as never, result.results, prepared as never));
    return { kind: "applied" };
  } catch (thrown) {
    if (isAppError(thrown, "SHUTTING_DOWN")) throw thrown;
    return { kind: "failed", error: toAppError(thrown, "HANDLER_FAILED") };
  }
}

/** What a refusal means: the event is known already, or its handler says. */
async function refusedWork(
  deps: WorkDeps,
  { event, handler, commit }: EventAtHand,
  { refusal }: Extract<UnitResult, { committed: false }>,
): Promise<Attempt> {
  if (refusal.effect.kind !== recordApplied.kind) {
    const words = `its effect "${refusal.effect.kind}" was refused`;
    const error = handler.refused?.(event as never, refusal);
    return { kind: "failed", error: error ?? new AppError("HANDLER_FAILED", words) };
  }
  await commit([], event.traceparent);
  deps.counters.duplicates += 1;
  return { kind: "duplicate" };
}

/** It took effect, whatever is made of hearing it. */
function tellDone({ log }: WorkDeps, tell: () => void): void {
  try {
    tell();
  } catch (error) {
    log.error({ error }, "an event took effect, and its handler failed after it");
  }
}

function prepare({ progress }: WorkDeps, event: EventOf, handler: AnyHandler): unknown {
  const { limitMs = CALL_LIMIT_MS } = handler;
  if (handler.prepare === undefined) return undefined;
  return progress.call(limitMs, () => handler.prepare?.(event as never));
}

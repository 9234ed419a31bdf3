import {
  AppError,
  type Clock,
  type ErrorCode,
  errorCodeOf,
  isAppError,
  toAppError,
} from "@order-outbox/errors";
import type { EventOf } from "@order-outbox/events";
import type { ConsumedRecord, Log } from "@order-outbox/kafka";
import { isStorageTrouble } from "@order-outbox/sqlite";
import type { Effect, UnitResult, Units } from "@order-outbox/units";
import { tellCrashPoint } from "./crash-points.ts";
import { recordApplied } from "./effects.ts";
import type { AnyHandler } from "./handler.ts";
import { decideFailure, type RetryPolicy } from "./held-rules.ts";
import type { FollowEvent, FollowedWork } from "./observer.ts";
import type { Progress } from "./progress.ts";
import type { ReadRules } from "./read-record.ts";
import type { RecordCommits } from "./record-commits.ts";
import type { Holding, InboxStore } from "./store.ts";

/** How long a handler's calls may take that does not say so itself. */
const CALL_LIMIT_MS = 30_000;

/** Counters since the start, for health and metrics. */
export interface InboxCounters {
  processed: number;
  duplicates: number;
  skipped: number;
  /** Of those skipped: events of a type that this version does not know. */
  unknown: number;
  /** Failed attempts after which an event is tried again. */
  retries: number;
  /** Events that were parked. */
  parked: number;
}

/** What the work on events needs. */
export interface WorkDeps extends ReadRules {
  store: InboxStore;
  units: Units;
  commits: RecordCommits;
  log: Log;
  /** Milliseconds since the epoch. */
  now: Clock;
  /** The clock of `nextAttemptAt`: see `steadyClock`. */
  steady: Clock;
  /** A number in [0, 1). */
  random(): number;
  /** Waits before another attempt to commit; rejects when the consumer stops. */
  pause(attempt: number): Promise<void>;
  retry: RetryPolicy;
  counters: InboxCounters;
  progress: Progress;
  /** Counts and tells of an event type that is not known here. */
  noteUnknown(type: string): void;
  follow?: FollowEvent | undefined;
  /** How many events wait for a database's own trouble to pass: the first of them says so. */
  troubled: { events: number };
}

/** Commits effects together with what else ends the work on an event. */
export type Commit = (
  effects: readonly Effect[],
  traceparent: string | undefined,
) => Promise<UnitResult>;

/** What an attempt at an event came to. */
export type Attempt =
  | { kind: "applied" }
  | { kind: "duplicate" }
  /** `effects` are kept all the same, in the transaction that sets the event aside. */
  | { kind: "failed"; error: AppError; effects?: readonly Effect[] };

/**
 * Tries an event once: asynchronous work, a decision, then its effects and the inbox row through
 * `commit`, which adds what belongs to the same transaction. Trouble of a database (full, busy) is
 * not the event's and is waited out here.
 *
 * @param failures attempts that failed before
 * @throws AppError SHUTTING_DOWN
 */
export function attemptEvent(
  deps: WorkDeps,
  event: EventOf,
  handler: AnyHandler,
  record: ConsumedRecord,
  commit: Commit,
  failures = 0,
): Promise<Attempt> {
  const { follow } = deps;
  if (follow === undefined) return workOn(deps, event, handler, record, commit);
  const work = follow({ event, record, attempt: failures + 1, repeated: failures > 0 });
  return workFollowed(work, deps, event, handler, record, commit);
}

async function workFollowed(
  work: FollowedWork,
  deps: WorkDeps,
  event: EventOf,
  handler: AnyHandler,
  record: ConsumedRecord,
  commit: Commit,
): Promise<Attempt> {
  try {
    const traced = { ...event, traceparent: work.traceparent };
    const attempt = await workOn(deps, traced, handler, record, commit);
    work.end(attempt.kind, attempt.kind === "failed" ? attempt.error : undefined);
    return attempt;
  } catch (error) {
    work.end("abandoned");
    throw error;
  }
}

async function workOn(
  deps: WorkDeps,
  event: EventOf,
  handler: AnyHandler,
  record: ConsumedRecord,
  commit: Commit,
): Promise<Attempt> {
  try {
    const prepared = await waitOutTrouble(deps, () => prepare(deps, event, handler));
    tellCrashPoint("prepared", event);
    const decision = handler.decide(event as never, prepared as never);
    if ("error" in decision) return { kind: "failed", ...decision };
    const at = new Date(deps.now()).toISOString();
    const applied = recordApplied({ consumer: deps.store.consumer, event, record, at });
    const result = await commit([...decision, applied], event.traceparent);
    if (!result.committed) return refusedWork(deps, event, handler, result, commit);
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
  event: EventOf,
  handler: AnyHandler,
  { refusal }: Extract<UnitResult, { committed: false }>,
  commit: Commit,
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
  if (handler.prepare === undefined) return undefined;
  const { limitMs = CALL_LIMIT_MS } = handler;
  return progress.call(limitMs, async () => handler.prepare?.(event as never));
}

/**
 * Codes of events that are refused for what they are. They park alone, without a key: nothing waits
 * for them, or whoever may write to a topic could hold back any order.
 */
const REFUSALS: readonly string[] = [
  "EVENT_MALFORMED",
  "EVENT_TOO_LARGE",
  "EVENT_MISPLACED",
  "EVENT_CONTRADICTS",
] satisfies ErrorCode[];

/** Whether an event that is held for this reason stands alone, so that its key goes on. */
export const standsAlone = ({ errorCode }: Holding): boolean => REFUSALS.includes(errorCode);

/** How many characters are kept of what went wrong: it may quote what a stranger wrote. */
const MAX_ERROR = 1_000;

/** What becomes of an event after `attempts` attempts, the last of which failed. */
export function holdingAfter(deps: WorkDeps, error: AppError, attempts: number): Holding {
  const verdict = decideFailure(error, attempts, deps.retry, deps.random());
  const nextAttemptAt =
    verdict.state === "RETRYING" ? new Date(deps.steady() + verdict.delayMs).toISOString() : null;
  const { state } = verdict;
  const lastError = error.message.slice(0, MAX_ERROR);
  return { state, errorCode: error.code, lastError, attempts, nextAttemptAt };
}

/** Tries `work` again until what is a database's own trouble has passed: full, busy, gone. */
export async function waitOutTrouble<T>(deps: WorkDeps, work: () => T | Promise<T>): Promise<T> {
  let waits = 0;
  try {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!isStorageTrouble(error)) throw error;
        waits += 1;
        if (waits === 1) beginTrouble(deps, error);
        await deps.pause(waits);
      }
    }
  } finally {
    if (waits > 0) endTrouble(deps);
  }
}

function beginTrouble({ log, troubled }: WorkDeps, error: unknown): void {
  const code = errorCodeOf(error);
  if (troubled.events === 0) log.warn({ code }, "a database takes no writes; trying again");
  troubled.events += 1;
}

function endTrouble({ log, troubled }: WorkDeps): void {
  troubled.events -= 1;
  if (troubled.events === 0) log.info({}, "no event waits for a database any more");
}

import type { Effect } from "@order-outbox/units";
import { attemptEvent } from "./attempt-event.ts";
import { tellCrashPoint } from "./crash-points.ts";
import { changeHeld, releaseHeld } from "./effects.ts";
import { firstFailed, isDue, pickNext } from "./held-rules.ts";
import { holdingAfter, standsAlone } from "./holding.ts";
import type { Lanes } from "./lanes.ts";
import { tellHolding } from "./process-record.ts";
import { readRecord } from "./read-record.ts";
import type { HeldEvent, Holding } from "./store.ts";
import { waitOutTrouble } from "./wait-out-trouble.ts";
import type { WorkDeps } from "./work-deps.ts";

/** What a redrive came to. */
export interface RedriveOutcome {
  redriven: number;
  /** Held events of the key that are left. */
  remaining: number;
  /** Why it stopped, when it did not reach the end. */
  error?: string;
}

/** Works on the events that were set aside, each key in order, within the key's lane. */
export interface HeldRunner {
  /** Looks for due retries and for keys whose predecessors have come; then plans the next look. */
  start(): void;
  /** Says that a retry was planned, so that its time may be the next to wake for. */
  plan(): void;
  /** Works on a key's held events that may run now; call it from within the key's lane. */
  runKey(eventKey: string): Promise<void>;
  /** Tries a key's held events now, parked ones too, and stops at the first failure. */
  redriveKey(eventKey: string): Promise<RedriveOutcome>;
  /** Tries one event now; one with a key only when it stands first of that key. */
  redriveOne(held: HeldEvent): Promise<RedriveOutcome>;
  /** Gives an event up for good, so that those behind it may run. */
  discard(held: HeldEvent, reason: string): Promise<void>;
  stop(): void;
}

const KEYS_PER_LOOK = 100;
const LOOK_AGAIN_MS = 1_000;

export function createHeldRunner(deps: WorkDeps, lanes: Lanes, stopping: AbortSignal): HeldRunner {
  const { store, units, log } = deps;
  const planned = new Set<string>();
  let timer: Timer | undefined;
  let wakeAt = Number.POSITIVE_INFINITY;

  const isoNow = () => new Date(deps.now()).toISOString();
  const isoIn = (ms: number) => new Date(deps.steady() + ms).toISOString();
  const isDueNow = (nextAttemptAt: string) =>
    isDue(nextAttemptAt, isoIn(0), isoIn(deps.retry.capMs));

  /** Runs `work` in the lane of a held event's key and gives its result. */
  function inLane<T>(key: string, work: () => Promise<T>): Promise<T> {
    const result = Promise.withResolvers<T>();
    const task = () => work().then(result.resolve, result.reject);
    void Promise.resolve(lanes.enter(key, task, stopping)).then((taken) => {
      if (!taken) result.reject(stopping.reason);
    });
    return result.promise;
  }

  /** Tries one held event; removes it when it took effect, else notes and gives why not. */
  async function tryHeld(held: HeldEvent): Promise<Holding | undefined> {
    const { id, record } = held;
    const reading = readRecord(record, deps);
    const commit = (effects: readonly Effect[], traceparent?: string) =>
      waitOutTrouble(deps, () =>
        units.commit({ effects: [...effects, releaseHeld({ id })] }, traceparent),
      );
    if (reading.kind === "skip") {
      await commit([]);
      return undefined;
    }
    const attempt =
      reading.kind === "malformed"
        ? ({ kind: "failed", error: reading.error, effects: [] } as const)
        : await attemptEvent(deps, { ...reading, record, commit }, held.attempts);
    if (attempt.kind !== "failed") return undefined;
    const holding = holdingAfter(deps, attempt.error, held.attempts + 1);
    const alone = standsAlone(holding);
    const effects = [...(attempt.effects ?? []), changeHeld({ id, holding, alone })];
    await waitOutTrouble(deps, () => units.commit({ effects }));
    tellHolding(deps, record, held, holding);
    plan();
    return holding;
  }

  async function isReady({ record }: HeldEvent): Promise<boolean> {
    const reading = readRecord(record, deps);
    if (reading.kind !== "event") return true;
    const { handler, event } = reading;
    return handler.isReady === undefined || (await handler.isReady(event as never));
  }

  async function runKey(eventKey: string): Promise<void> {
    while (!stopping.aborted) {
      const next = await pickNext(await store.heldOfKey(eventKey), isDueNow, isReady);
      if (next === undefined) return;
      const failure = await tryHeld(next);
      if (failure !== undefined && !standsAlone(failure)) return;
    }
  }

  async function redrive(pick: () => Promise<HeldEvent | undefined>): Promise<RedriveOutcome> {
    let redriven = 0;
    let key: string | null = null;
    let error: string | undefined;
    for (;;) {
      const next = stopping.aborted ? undefined : await pick();
      if (next === undefined) break;
      key = next.eventKey;
      if (next.eventId !== null) {
        tellCrashPoint("redriving", { id: next.eventId, type: next.eventType ?? "" });
      }
      const failure = await tryHeld(next);
      if (failure === undefined) redriven += 1;
      else error = failure.lastError;
      if (failure !== undefined && !standsAlone(failure)) break;
    }
    const outcome = { redriven, remaining: await remaining(key) };
    return error === undefined ? outcome : { ...outcome, error };
  }

  const remaining = async (key: string | null) =>
    key === null ? 0 : (await store.heldStates(key)).length;

  /** An event that stands alone runs in the lane of the order that it names, if it names one. */
  const laneOf = ({ eventKey, record }: HeldEvent): string =>
    eventKey ?? readRecord(record, deps).key;

  /** Puts the work on a key into its lane, once at a time. */
  function schedule(eventKey: string): void {
    if (planned.has(eventKey)) return;
    planned.add(eventKey);
    inLane(eventKey, () => runKey(eventKey))
      .catch((error: unknown) => {
        if (!stopping.aborted) log.error({ error, subject: eventKey }, "held events wait on");
      })
      .finally(() => {
        planned.delete(eventKey);
        plan();
      });
  }

  async function look(): Promise<void> {
    wakeAt = Number.POSITIVE_INFINITY;
    const keys = await store.dueKeys(isoIn(0), isoIn(deps.retry.capMs), KEYS_PER_LOOK);
    for (const key of keys) schedule(key);
    await planNext();
  }

  /** Wakes for the next retry that is not being worked on already. */
  async function planNext(): Promise<void> {
    if (stopping.aborted || planned.size >= KEYS_PER_LOOK) return;
    const due = await store.nextDueAt();
    if (due === undefined || stopping.aborted) return;
    const now = deps.steady();
    const inMs = isDueNow(due) ? 0 : Date.parse(due) - now;
    const at = now + Math.max(inMs, planned.size > 0 ? 250 : 0);
    if (at >= wakeAt) return;
    clearTimeout(timer);
    wakeAt = at;
    timer = setTimeout(() => attempt(look), at - now);
  }

  /** A look that fails is made again: whatever waits must not be forgotten. */
  function attempt(looking: () => Promise<void>): void {
    looking().catch((error: unknown) => {
      if (stopping.aborted) return;
      log.warn({ error }, "held events wait: they could not be looked at");
      clearTimeout(timer);
      wakeAt = deps.steady() + LOOK_AGAIN_MS;
      timer = setTimeout(() => attempt(look), LOOK_AGAIN_MS);
    });
  }

  const plan = () => attempt(planNext);

  /** A crash may have come between the end of a key's first event and the work on the next. */
  async function lookAtIdleKeys(): Promise<void> {
    for (let after = ""; ; ) {
      const keys = await store.idleKeys(after, KEYS_PER_LOOK);
      for (const key of keys) schedule(key);
      const last = keys.at(-1);
      if (last === undefined) break;
      after = last;
    }
    await planNext();
  }

  return {
    start: () => attempt(lookAtIdleKeys),
    plan,
    runKey,
    redriveKey: (eventKey) =>
      inLane(eventKey, () =>
        redrive(async () => pickNext(await store.heldOfKey(eventKey), isDueNow, isReady, true)),
      ),
    redriveOne: (held) =>
      inLane(laneOf(held), () => {
        const ids = [held.id];
        return redrive(async () => {
          const id = ids.shift();
          const now = id === undefined ? undefined : await store.heldById(id);
          const ofKey = held.eventKey === null ? [] : await store.heldOfKey(held.eventKey);
          const first = firstFailed(ofKey) ?? ofKey[0] ?? now;
          return now?.id === first?.id ? now : undefined;
        }).finally(async () => {
          // What waited for it did so under its key, which it may not have.
          const { eventKey } = (await store.heldById(held.id)) ?? held;
          if (eventKey === null) schedule(laneOf(held));
        });
      }),
    discard: (held, reason) =>
      inLane(laneOf(held), async () => {
        const { id, eventId, eventSource, eventType, eventKey, record } = held;
        // What a refused record says of itself may be the identity of a real event.
        const isKnown = eventId !== null && eventSource !== null && !standsAlone(held);
        const applied = isKnown
          ? { id: eventId, source: eventSource, type: eventType ?? "" }
          : undefined;
        const { topic, partition, offset } = record;
        const place = { topic, partition, offset };
        const target = { heldId: id, eventId, eventSource, eventType, eventKey, ...place };
        const entry = { at: isoNow(), action: "DISCARD", target, reason };
        await waitOutTrouble(deps, () => store.discard(held, applied, entry));
        log.warn({ eventId, eventType, subject: eventKey, reason }, "held event discarded");
        if (eventKey !== null) await runKey(eventKey);
      }),
    stop: () => clearTimeout(timer),
  };
}

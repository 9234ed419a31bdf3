import { isDue, pickNext } from "./held-rules.ts";
import type { Lanes } from "./lanes.ts";
import { tellHolding } from "./process-record.ts";
import { readRecord } from "./read-record.ts";
import { tellStep } from "./steps.ts";
import type { HeldEvent, Holding } from "./store.ts";
import { attemptEvent, holdingAfter, standsAlone, type WorkDeps, waitOutTrouble } from "./work.ts";

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

export function createHeldRunner(deps: WorkDeps, lanes: Lanes, stopping: AbortSignal): HeldRunner {
  const { store, queue, log } = deps;
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
    void lanes
      .enter(key, () => work().then(result.resolve, result.reject), stopping)
      .then((taken) => {
        if (!taken) result.reject(stopping.reason);
      });
    return result.promise;
  }

  /** Tries one held event; removes it when it took effect, else notes and gives why not. */
  async function tryHeld(held: HeldEvent): Promise<Holding | undefined> {
    const { id, record } = held;
    const reading = readRecord(record, deps);
    const commitWith = <T>(unit: (at: string) => T, traceparent?: string) =>
      waitOutTrouble(deps, () =>
        queue.run(() => {
          const value = unit(isoNow());
          store.release(id);
          return value;
        }, traceparent),
      );
    if (reading.kind === "skip") {
      await commitWith(() => {});
      return undefined;
    }
    const attempt =
      reading.kind === "malformed"
        ? ({ kind: "failed", error: reading.error } as const)
        : await attemptEvent(
            deps,
            reading.event,
            reading.handler,
            record,
            commitWith,
            held.attempts,
          );
    if (attempt.kind !== "failed") return undefined;
    const holding = holdingAfter(deps, attempt.error, held.attempts + 1);
    const alone = standsAlone(holding);
    await waitOutTrouble(deps, () => queue.run(() => store.updateHeld(id, holding, alone)));
    tellHolding(deps, record, held, holding);
    plan();
    return holding;
  }

  function isReady({ record }: HeldEvent): boolean {
    const reading = readRecord(record, deps);
    if (reading.kind !== "event") return true;
    return reading.handler.isReady?.(reading.event as never) ?? true;
  }

  async function runKey(eventKey: string): Promise<void> {
    while (!stopping.aborted) {
      const next = pickNext(store.heldOfKey(eventKey), isDueNow, isReady);
      if (next === undefined) return;
      const failure = await tryHeld(next);
      if (failure !== undefined && !standsAlone(failure)) return;
    }
  }

  async function redrive(pick: () => HeldEvent | undefined): Promise<RedriveOutcome> {
    let redriven = 0;
    let key: string | null = null;
    let error: string | undefined;
    for (;;) {
      const next = stopping.aborted ? undefined : pick();
      if (next === undefined) break;
      key = next.eventKey;
      if (next.eventId !== null) {
        tellStep("redriving", { id: next.eventId, type: next.eventType ?? "" });
      }
      const failure = await tryHeld(next);
      if (failure === undefined) redriven += 1;
      else error = failure.lastError;
      if (failure !== undefined && !standsAlone(failure)) break;
    }
    const outcome = { redriven, remaining: remaining(key) };
    return error === undefined ? outcome : { ...outcome, error };
  }

  const remaining = (key: string | null) => (key === null ? 0 : store.heldStates(key).length);

  /** An event that stands alone runs in the lane of the order that it names, if it names one. */
  const laneOf = ({ eventKey, record }: HeldEvent): string =>
    eventKey ?? readRecord(record, deps).key;

  /** Puts the work on a key into its lane, once at a time. */
  function schedule(eventKey: string): void {
    if (planned.has(eventKey)) return;
    planned.add(eventKey);
    inLane(eventKey, () => runKey(eventKey))
      .catch((error: unknown) => {
        if (!stopping.aborted) log.error({ error, orderId: eventKey }, "held events wait on");
      })
      .finally(() => {
        planned.delete(eventKey);
        plan();
      });
  }

  function look(): void {
    wakeAt = Number.POSITIVE_INFINITY;
    for (const key of store.dueKeys(isoIn(0), isoIn(deps.retry.capMs), KEYS_PER_LOOK))
      schedule(key);
    plan();
  }

  /** Wakes for the next retry that is not being worked on already. */
  function plan(): void {
    if (stopping.aborted || planned.size >= KEYS_PER_LOOK) return;
    const due = store.nextDueAt();
    if (due === undefined) return;
    const now = deps.steady();
    const inMs = isDueNow(due) ? 0 : Date.parse(due) - now;
    const at = now + Math.max(inMs, planned.size > 0 ? 250 : 0);
    if (at >= wakeAt) return;
    clearTimeout(timer);
    wakeAt = at;
    timer = setTimeout(look, at - now);
  }

  return {
    start() {
      // A crash may have come between the end of a key's first event and the work on the next.
      for (let after = ""; ; ) {
        const keys = store.idleKeys(after, KEYS_PER_LOOK);
        for (const key of keys) schedule(key);
        const last = keys.at(-1);
        if (last === undefined) break;
        after = last;
      }
      plan();
    },
    plan,
    runKey,
    redriveKey: (eventKey) =>
      inLane(eventKey, () =>
        redrive(() => {
          const held = store.heldOfKey(eventKey);
          const blocked = held.find(({ state }) => state === "RETRYING" || state === "PARKED");
          return pickNext(held, isDueNow, isReady, blocked?.id);
        }),
      ),
    redriveOne: (held) =>
      inLane(laneOf(held), () => {
        const ids = [held.id];
        return redrive(() => {
          const id = ids.shift();
          const now = id === undefined ? undefined : store.heldById(id);
          const first = held.eventKey === null ? now : store.heldOfKey(held.eventKey)[0];
          return now?.id === first?.id ? now : undefined;
        }).finally(() => {
          // What waited for it did so under its key, which it may not have.
          const { eventKey } = store.heldById(held.id) ?? held;
          if (eventKey === null) schedule(laneOf(held));
        });
      }),
    discard: (held, reason) =>
      inLane(laneOf(held), async () => {
        const { id, eventId, eventSource, eventType, eventKey, record } = held;
        await waitOutTrouble(deps, () =>
          queue.run(() => {
            const at = isoNow();
            // What a refused record says of itself may be the identity of a real event.
            if (eventId !== null && eventSource !== null && !standsAlone(held)) {
              const event = { id: eventId, source: eventSource, type: eventType ?? "" };
              store.recordApplied(event, record, at);
            }
            store.release(id);
            const { topic, partition, offset } = record;
            const target = {
              heldId: id,
              eventId,
              eventSource,
              eventType,
              eventKey,
              topic,
              partition,
              offset,
            };
            store.audit(at, "DISCARD", target, reason);
          }),
        );
        log.warn({ eventId, eventType, orderId: eventKey, reason }, "held event discarded");
        if (eventKey !== null) await runKey(eventKey);
      }),
    stop: () => clearTimeout(timer),
  };
}

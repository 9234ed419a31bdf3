import { setTimeout as sleep } from "node:timers/promises";
import { type Backoff, backoffDelay, type Clock, toAppError } from "@order-outbox/errors";
import { type KafkaClient, type Log, topicRetention } from "@order-outbox/kafka";
import { type PruneOptions, startPruner } from "@order-outbox/units";
import type { InboxStore } from "./store.ts";
import { decideWindow, type InboxWindow } from "./window.ts";

/** How long an inbox remembers; times in milliseconds. */
export interface InboxRetentionOptions
  extends Pick<PruneOptions, "random" | "everyMs" | "firstMs"> {
  client: KafkaClient;
  store: Pick<InboxStore, "appliedEvents">;
  /** The consumed topics. */
  topics: readonly string[];
  /** After which rows may go; undefined: as soon as the topics' own retention allows it. */
  keepMs: number | undefined;
  log: Log;
  /** Milliseconds since the epoch by which rows grow old; an `ageingClock`. */
  now: Clock;
  /** Between two looks at the topics' settings, which may change; one hour. */
  checkMs?: number;
}

/** For health checks: whether old rows go, and why or why not. */
export interface InboxRetentionStatus {
  state: InboxWindow["state"] | "unchecked";
  reason: string;
  /** Rows deleted since the start. */
  removed: number;
}

/** The pruning of an inbox. */
export interface InboxRetention {
  status(): InboxRetentionStatus;
  /** Resolves when the step in flight is done. Call it before the store is closed. */
  stop(): Promise<void>;
}

type Verdict = InboxWindow | { state: "unchecked"; reason: string };

const CHECK_MS = 3_600_000;
const OUTAGE: Backoff = { baseMs: 1_000, capMs: 60_000 };

/**
 * Prunes an inbox, as long as it is certain that no event which it forgets can come again: how long
 * the topics keep records is asked at the first contact with the broker and from then on every hour,
 * and nothing goes while the last question has no answer. A setting that is too short is refused:
 * nothing goes, and the log and the status say why. The service works on, for nothing is lost by
 * remembering longer.
 */
export function startInboxRetention(options: InboxRetentionOptions): InboxRetention {
  const { client, store, topics, keepMs, log, now, random } = options;
  const { everyMs, firstMs, checkMs = CHECK_MS } = options;
  const stopping = new AbortController();
  let verdict: Verdict = { state: "unchecked", reason: "no contact with the broker yet" };

  const pruner = startPruner({
    target: store.appliedEvents,
    log,
    random,
    before: () =>
      verdict.state === "pruning" ? new Date(now() - verdict.keepMs).toISOString() : undefined,
    ...(everyMs === undefined ? {} : { everyMs }),
    ...(firstMs === undefined ? {} : { firstMs }),
  });

  function note(next: Verdict): void {
    const { state, reason } = next;
    const known = state === verdict.state && reason === verdict.reason;
    if (stopping.signal.aborted) return;
    verdict = next;
    // Said at every check: it is for an operator, who must not miss it.
    if (state === "refused") log.error({ code: "CONFIG_INVALID" }, `inbox not pruned: ${reason}`);
    if (state === "refused" || state === "unchecked" || known) return;
    const level = state === "keeping" && keepMs !== undefined ? "warn" : "info";
    log[level]({ state }, `inbox retention: ${reason}`);
  }

  async function check(): Promise<void> {
    const told = await topicRetention(client, topics);
    note(decideWindow(keepMs, new Map(topics.map((topic) => [topic, told.get(topic)]))));
  }

  async function work(): Promise<void> {
    for (let failures = 0; ; ) {
      try {
        await check();
        failures = 0;
      } catch (error) {
        failures += 1;
        note({ state: "unchecked", reason: toAppError(error).message });
      }
      const ms = failures === 0 ? checkMs : backoffDelay(failures, OUTAGE, random());
      await sleep(ms, undefined, { signal: stopping.signal, ref: false });
    }
  }

  // Ends with the sleep that is aborted; a question in flight is not worth waiting for.
  void work().catch(() => {});
  return {
    status: () => ({ state: verdict.state, reason: verdict.reason, removed: pruner.removed }),
    stop() {
      stopping.abort();
      return pruner.stop();
    },
  };
}

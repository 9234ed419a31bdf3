import type { AppError, ErrorCode } from "@order-outbox/errors";
import { brokerError } from "./broker-errors.ts";
import type { KafkaClient } from "./client.ts";
import type { ConsumerOptions, ConsumerStatus } from "./consumer-options.ts";
import { runSession } from "./consumer-session.ts";
import { createOccupancy } from "./occupancy.ts";
import { sleepUnless } from "./sleep.ts";

/** Whether the broker can be reached, as far as a consumer can tell. */
export function brokerSeenBy({ state, code }: ConsumerStatus): "up" | "down" | "unknown" {
  // Only a broker that answers can say that it has no such topic.
  if (state === "joined" || state === "refused" || code === "TOPIC_MISSING") return "up";
  return state === "down" ? "down" : "unknown";
}

/** A consumer that survives every outage of its broker. */
export interface Consumer {
  /** Starts and returns at once; joins the group as soon as there is a broker. */
  start(): void;
  /** Tells Kafka, soon, how far the caller's database is: for lag displays. */
  reportOffset(topic: string, partition: number, nextOffset: number): void;
  status(): ConsumerStatus;
  /** Leaves the group, runs `between`, and joins again. Rejects with what `between` threw. */
  restart(between: () => Promise<void>): Promise<void>;
  /** Leaves the group; batches that were taken over are the caller's to finish before. */
  stop(): Promise<void>;
}

const OUTAGE_DELAY_MS = 500;
const OCCUPIED_DELAY_MS = 5_000;
/** Longer than a process takes that stops in order and starts again. */
const VACANT_MS = 30_000;
const LOCKED_OUT: readonly ErrorCode[] = ["BROKER_AUTH_FAILED", "BROKER_TLS_FAILED"];
const REFUSALS: readonly ErrorCode[] = ["GROUP_OCCUPIED", "BROKER_MISCONFIGURED", "BROKER_MISUSED"];

/** Creates a consumer; nothing happens until `start`. */
export function createConsumer(client: KafkaClient, options: ConsumerOptions): Consumer {
  const { log } = client;
  const stopping = new AbortController();
  const delays = options.retryDelayMs ?? { outage: OUTAGE_DELAY_MS, occupied: OCCUPIED_DELAY_MS };
  const occupancy = createOccupancy(options.groupId, options.vacantMs ?? VACANT_MS, () =>
    performance.now(),
  );
  let status: ConsumerStatus = { state: "starting", assigned: [], stopped: [] };
  let supervisor: Promise<void> | undefined;
  let session = new AbortController();
  let lastCode: ErrorCode | undefined;
  const interludes: (() => Promise<void>)[] = [];
  const reports = new Map<string, { topic: string; partition: number; nextOffset: number }>();

  async function supervise(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        session = new AbortController();
        const ending = AbortSignal.any([stopping.signal, session.signal]);
        await runSession(client, options, occupancy, ending, reports, (next) => {
          status = next;
        });
      } catch (error) {
        noteFailure(brokerError(error));
      }
      for (const between of interludes.splice(0)) await between();
      const rest = AbortSignal.any([stopping.signal, session.signal]);
      await sleepUnless(rest, isRefusal() ? delays.occupied : delays.outage);
    }
    for (const between of interludes.splice(0)) await between();
  }

  /** What ends when somebody changes something, not when a network comes back. */
  function isRefusal(): boolean {
    if (status.state === "refused") return true;
    return status.state === "down" && LOCKED_OUT.some((code) => code === lastCode);
  }

  function noteFailure(error: AppError): void {
    const state = REFUSALS.includes(error.code) ? "refused" : "down";
    const fields = { groupId: options.groupId, code: error.code, ...error.details };
    if (status.state !== state || error.code !== lastCode) {
      if (state === "refused") log.error(fields, error.message);
      else log.warn(fields, `not consuming: ${error.message}`);
    }
    lastCode = error.code;
    status = { state, reason: error.message, code: error.code, assigned: [], stopped: [] };
  }

  return {
    start() {
      supervisor ??= supervise();
    },
    reportOffset(topic, partition, nextOffset) {
      reports.set(`${topic}/${partition}`, { topic, partition, nextOffset });
    },
    status: () => status,
    restart(between) {
      const done = Promise.withResolvers<void>();
      interludes.push(() => between().then(done.resolve, done.reject));
      session.abort();
      return done.promise;
    },
    async stop() {
      stopping.abort();
      await supervisor;
      status = { state: "stopped", assigned: [], stopped: [] };
    },
  };
}

import type { AppError, ErrorCode } from "@order-outbox/errors";
import { brokerError } from "./broker-errors.ts";
import type { KafkaClient } from "./client.ts";
import { runSession } from "./consumer-session.ts";
import type { PartitionEnds } from "./partition-ends.ts";
import type { ConsumedBatch } from "./records.ts";
import { sleepUnless } from "./sleep.ts";
import type { StoppedPartition } from "./stopped-partitions.ts";

/** How to consume. The offsets are the caller's; Kafka's own are only told to it for lag displays. */
export interface ConsumerOptions {
  groupId: string;
  /**
   * The topics, each with its partition count for the case that it has to be created. Of what is
   * fetched at once, the first topic's batches are handed over first: name those first that others
   * build on.
   */
  topics: Readonly<Record<string, number>>;
  /** One group works for one database; members with another one are refused. */
  databaseId: string | (() => Promise<string>);
  /**
   * How a member that a dead process of this database left behind is told from a living one: it is
   * made to leave. Without it such a member is waited for until its session times out.
   */
  presence?: MemberPresence;
  /**
   * Where to continue in a partition of this cluster; undefined: at its beginning. Asked on every
   * assignment. Nothing is read before the answer; one that comes at once costs no wait.
   */
  startOffset(
    clusterId: string,
    topic: string,
    partition: number,
  ): number | undefined | Promise<number | undefined>;
  /**
   * Takes over a batch. May wait for room; while it waits this consumer keeps its membership.
   * When `signal` aborts, the partition may have moved, or the consumer is stopping: stop taking
   * over more of the batch.
   */
  onBatch(batch: ConsumedBatch, clusterId: string, signal: AbortSignal): Promise<void>;
  /**
   * Hears every few seconds where all partitions of the topics begin and end now, whether this
   * member reads them, another does or nobody.
   */
  onEnds?(ends: readonly PartitionEnds[], clusterId: string): void;
  /** Milliseconds without a heartbeat until the group gives this member up; 6,000. */
  sessionTimeoutMs?: number;
  /** Milliseconds between looks at a batch that could not be read; 30,000. */
  lookAgainMs?: number;
  /** Milliseconds between attempts to reach the broker, and after a refusal by it or the group. */
  retryDelayMs?: { outage: number; occupied: number };
}

/** This life of a member among the others of its database. */
export interface MemberPresence {
  readonly id: string;
  /** Whether another life is known to be over. */
  isGone(id: string): boolean;
  /** Called when the group has none of the dead any more. */
  sweep(): void;
}

/** What a consumer is doing, for health checks. */
export interface ConsumerStatus {
  /** `refused`: the group works for another database, or the broker refuses what it is asked. */
  state: "starting" | "joined" | "down" | "refused" | "stopped";
  /** Why, in `down` and `refused`. */
  reason?: string;
  code?: ErrorCode;
  assigned: { topic: string; partition: number }[];
  stopped: StoppedPartition[];
}

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
const LOCKED_OUT: readonly ErrorCode[] = ["BROKER_AUTH_FAILED", "BROKER_TLS_FAILED"];
const REFUSALS: readonly ErrorCode[] = ["GROUP_OCCUPIED", "BROKER_MISCONFIGURED", "BROKER_MISUSED"];

/** Creates a consumer; nothing happens until `start`. */
export function createConsumer(client: KafkaClient, options: ConsumerOptions): Consumer {
  const { log } = client;
  const stopping = new AbortController();
  const delays = options.retryDelayMs ?? { outage: OUTAGE_DELAY_MS, occupied: OCCUPIED_DELAY_MS };
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
        await runSession(client, options, ending, reports, (next) => {
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

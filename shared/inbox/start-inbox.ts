import { AppError, isAppError } from "@order-outbox/errors";
import {
  type ConsumedBatch,
  type ConsumerStatus,
  createConsumer,
  type KafkaClient,
  type Log,
} from "@order-outbox/kafka";
import type { CommitQueue, Database } from "@order-outbox/sqlite";
import type { Handlers } from "./handler.ts";
import { createLanes } from "./lanes.ts";
import { createOffsetTracker, type OffsetTracker } from "./offset-tracker.ts";
import { type InboxCounters, processRecord, readRecord } from "./process-record.ts";
import { createInboxStore, type InboxFacts } from "./store.ts";

/** How a service consumes. */
export interface InboxOptions {
  client: KafkaClient;
  db: Database;
  /** The queue through which everything else in this service writes to `db`, too. */
  queue: CommitQueue;
  groupId: string;
  /** The topics, each with its partition count for the case that it has to be created. */
  topics: Readonly<Record<string, number>>;
  handlers: Handlers;
  log: Log;
  /** Milliseconds since the epoch. */
  now(): number;
  /** How many events may be worked on at once; 512. */
  concurrency?: number;
  /** How often a retryable failure is tried in all, before the event is parked; 5. */
  attempts?: number;
}

/** What an inbox is doing, for health checks and metrics. */
export interface InboxStatus extends InboxFacts, InboxCounters {
  consumer: ConsumerStatus;
  /** Events taken over and not finished. */
  inFlight: number;
  /** Records between what this database has finished and the ends of its partitions. */
  lag: number;
  /** Milliseconds since the epoch of the last finished event, or of the end of the last rest. */
  lastProgressAt: number | null;
}

/** A running, idempotent consumer. */
export interface Inbox {
  status(): InboxStatus;
  /** Leaves the group and finishes what was taken over. The queue must still be open. */
  stop(): Promise<void>;
}

const RETRY_MS = [100, 200, 500, 1_000, 2_000];

/**
 * Consumes events so that each takes effect in `db` exactly once: inbox row, effect, follow-up
 * events and the partition's next offset are committed together, and the database's offset, not
 * Kafka's, says where to continue. Events of one order run in order, across topics.
 */
export function startInbox(options: InboxOptions): Inbox {
  const { client, db, queue, groupId, topics, handlers, log, now } = options;
  const store = createInboxStore(db);
  const stopping = new AbortController();
  const trackers = new Map<string, OffsetTracker>();
  const ends = new Map<string, number>();
  const counters: InboxCounters = { processed: 0, duplicates: 0, skipped: 0, parked: 0 };
  let lastProgressAt: number | null = null;
  let warnedOf: string | undefined;
  const lanes = createLanes(options.concurrency ?? 512, (error) => {
    if (isAppError(error, "SHUTTING_DOWN")) return;
    log.error({ err: error }, "an event could not be finished; it is read again after a restart");
  });
  const deps = {
    store,
    queue,
    handlers,
    log,
    now,
    counters,
    attempts: options.attempts ?? 5,
    pause: (attempt: number) => pause(attempt, stopping.signal),
  };

  const consumer = createConsumer(client, {
    groupId,
    topics,
    databaseId: store.databaseId(),
    startOffset(clusterId, topic, partition) {
      warnOfNewCluster(clusterId);
      const offset = store.nextOffset(clusterId, topic, partition);
      // A fresh tracker per assignment: what the old one still works on is read again and known.
      trackers.set(`${topic}/${partition}`, createOffsetTracker(offset ?? 0));
      return offset;
    },
    onBatch: takeOver,
  });
  consumer.start();

  async function takeOver(
    batch: ConsumedBatch,
    clusterId: string,
    signal: AbortSignal,
  ): Promise<void> {
    const name = `${batch.topic}/${batch.partition}`;
    const tracker = trackers.get(name) ?? createOffsetTracker(batch.records[0]?.offset ?? 0);
    trackers.set(name, tracker);
    ends.set(name, batch.highWatermark);
    const until = AbortSignal.any([signal, stopping.signal]);
    if (lanes.size === 0) lastProgressAt = now();
    for (const record of batch.records) {
      if (until.aborted) return;
      const reading = readRecord(record, handlers);
      const work = async () => {
        if (stopping.signal.aborted) return;
        await processRecord(deps, reading, clusterId, record, tracker);
        lastProgressAt = now();
        consumer.reportOffset(batch.topic, batch.partition, tracker.watermark());
      };
      tracker.start(record.offset);
      if (!(await lanes.enter(reading.key, work, until))) return;
    }
  }

  function warnOfNewCluster(clusterId: string): void {
    if (warnedOf === clusterId || !store.isNewCluster(clusterId)) return;
    warnedOf = clusterId;
    log.warn(
      { clusterId, groupId },
      "this is another Kafka cluster than before: reading from its beginning, known events are skipped",
    );
  }

  function lag(): number {
    let sum = 0;
    for (const [name, end] of ends) {
      sum += Math.max(0, end - (trackers.get(name)?.watermark() ?? end));
    }
    return sum;
  }

  return {
    status: () => ({
      consumer: consumer.status(),
      ...store.facts(),
      ...counters,
      inFlight: lanes.size,
      lag: lag(),
      lastProgressAt,
    }),
    async stop() {
      stopping.abort(new AppError("SHUTTING_DOWN", "the consumer is stopping"));
      await lanes.idle();
      await consumer.stop();
    },
  };
}

function pause(attempt: number, signal: AbortSignal): Promise<void> {
  const ms = RETRY_MS[Math.min(attempt, RETRY_MS.length) - 1] as number;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}

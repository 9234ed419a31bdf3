import type {
  Cluster,
  ConsumerGroupJoinEvent,
  EachBatchPayload,
  Consumer as KafkaJsConsumer,
} from "kafkajs";
import type { KafkaClient } from "./client.ts";
import { createClusterWatch } from "./cluster-watch.ts";
import type { ConsumerIntervals, ConsumerOptions, ConsumerStatus } from "./consumer-options.ts";
import {
  createGuardedAssigner,
  evict,
  findNeighbours,
  type GroupNeighbours,
} from "./group-guard.ts";
import { memberClientId, ownIdentity } from "./member-identity.ts";
import type { Occupancy } from "./occupancy.ts";
import { onOffsetOutOfRange, seekToBeginning } from "./offset-out-of-range.ts";
import { fetchAllEnds, lookRepeatedly } from "./partition-ends.ts";
import { toConsumedBatch } from "./records.ts";
import { sleepUnless } from "./sleep.ts";
import { createStoppedPartitions } from "./stopped-partitions.ts";
import { requireTopics } from "./topics.ts";
import { describeUnreadable, onUnreadableBatch, type UnreadableBatch } from "./unreadable-batch.ts";

const INTERVALS: Required<ConsumerIntervals> = {
  endsMs: 3_000,
  reportsMs: 1_000,
  heartbeatsMs: 1_500,
  fetchesMs: 500,
};
const REBALANCE_TIMEOUT_MS = 10_000;
const REBALANCE_LOOK_MS = 100;
/** kafkajs decodes all of a fetch at once: these bound its memory, however long a backlog is. */
const FETCH_PARTITION_BYTES = 128 * 1024;
const FETCH_BYTES = 2 * 1024 * 1024;
const LOOK_AGAIN_MS = 30_000;
const LEAVE_DEADLINE_MS = 4_000;

type Reports = Map<string, { topic: string; partition: number; nextOffset: number }>;

/**
 * One membership of the group, from joining to its end: by `stopping`, by a broker that went away
 * or that is another cluster's by now, or because the group turned out to be another database's.
 *
 * @throws AppError GROUP_OCCUPIED, TOPIC_MISSING, BROKER_UNAVAILABLE
 */
export async function runSession(
  client: KafkaClient,
  options: ConsumerOptions,
  occupancy: Occupancy,
  stopping: AbortSignal,
  reports: Reports,
  setStatus: (status: ConsumerStatus) => void,
): Promise<void> {
  const { groupId, presence, databaseId } = options;
  const intervals = { ...INTERVALS, ...options.intervals };
  const database = typeof databaseId === "string" ? databaseId : await databaseId();
  const identity = ownIdentity(database, presence?.id);
  const isGone = (bootId: string) => presence?.isGone(bootId) ?? false;
  const findOthers = () => findNeighbours(client, groupId, identity, isGone);
  await requireTopics(client, options.topics);
  const neighbours = await findSettledNeighbours(findOthers, stopping);
  occupancy.requireFree(identity, neighbours);

  const ended = Promise.withResolvers<void>();
  // It may be rejected while nobody waits for it yet, or any more.
  ended.promise.catch(() => {});
  let cluster: Cluster | undefined;
  const watch = createClusterWatch(() => cluster);
  let assigned: { topic: string; partition: number }[] = [];
  const publishStatus = () => setStatus({ state: "joined", assigned, stopped: stopped.list() });

  const clientId = memberClientId(client.clientId, identity);
  const consumer = client.withClientId(clientId, watch.noteConnection).consumer({
    groupId,
    sessionTimeout: options.sessionTimeoutMs ?? 6_000,
    rebalanceTimeout: REBALANCE_TIMEOUT_MS,
    heartbeatInterval: intervals.heartbeatsMs,
    maxWaitTimeInMs: intervals.fetchesMs,
    maxBytesPerPartition: FETCH_PARTITION_BYTES,
    maxBytes: FETCH_BYTES,
    allowAutoTopicCreation: false,
    partitionAssigners: [
      createGuardedAssigner(identity, (joined) => {
        cluster = joined;
      }),
    ],
    retry: { retries: 2, initialRetryTime: 100, restartOnFailure: async () => false },
  });

  const stopped = createStoppedPartitions(consumer, {
    log: client.log,
    groupId,
    onChange: publishStatus,
  });

  consumer.on("consumer.crash", ({ payload }) => ended.reject(payload.error));
  consumer.on("consumer.group_join", (event) => {
    watch.noteJoin();
    stopped.resumeAll();
    presence?.sweep();
    assigned = partitionsOf(event);
    seekTo(consumer, assigned, (topic, partition) =>
      options.startOffset(watch.clusterId(), topic, partition),
    ).catch(ended.reject);
    publishStatus();
    if (assigned.length > 0) return;
    findOthers()
      .then((others) => occupancy.requireFree(identity, others))
      .catch(ended.reject);
  });
  const decideOffset = async (topic: string, partition: number, offset: number) => {
    if (!(await watch.isSame())) return ended.resolve();
    if ((await options.startOffset(watch.clusterId(), topic, partition)) === undefined) {
      return seekToBeginning(client, consumer, topic, partition);
    }
    const reason = "the broker does not have the offset to continue from";
    stopped.add({ topic, partition, offset, code: "OFFSET_OUT_OF_RANGE", reason });
  };
  onOffsetOutOfRange(consumer, (...where) => decideOffset(...where).catch(ended.reject));
  const stopAtBatch = async (batch: UnreadableBatch) => {
    if (!(await watch.isSame())) return ended.resolve();
    const { topic, partition, offset } = batch;
    const reason = describeUnreadable(batch);
    stopped.add({ topic, partition, offset, code: "BATCH_UNREADABLE", reason });
  };
  onUnreadableBatch(consumer, (batch) => stopAtBatch(batch).catch(ended.reject));

  const lookAtEnds = async () => {
    if (cluster === undefined) return;
    const ends = await fetchAllEnds(cluster, Object.keys(options.topics));
    if (await watch.isSame()) options.onEnds?.(ends, watch.clusterId());
    else ended.resolve();
  };

  const stop = () => ended.resolve();
  stopping.addEventListener("abort", stop);
  const timers: Timer[] = [];
  try {
    await consumer.connect();
    if (cluster !== undefined) await evict(cluster, groupId, neighbours.deadPredecessors);
    await consumer.subscribe({ topics: Object.keys(options.topics), fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: async (payload) => {
        if (!(await watch.isSame())) return ended.resolve();
        stopped.remove(payload.batch.topic, payload.batch.partition);
        const clusterId = watch.clusterId();
        await takeOver(payload, options, clusterId, stopping, intervals.heartbeatsMs);
      },
    });
    timers.push(setInterval(() => flushReports(consumer, reports), intervals.reportsMs));
    timers.push(setInterval(stopped.lookAgain, options.lookAgainMs ?? LOOK_AGAIN_MS));
    timers.push(lookRepeatedly(lookAtEnds, intervals.endsMs));
    if (!stopping.aborted) await ended.promise;
  } finally {
    for (const timer of timers) clearInterval(timer);
    stopping.removeEventListener("abort", stop);
    await settledWithin(leave(consumer, reports), LEAVE_DEADLINE_MS);
  }
}

async function leave(consumer: KafkaJsConsumer, reports: Reports): Promise<void> {
  await flushReports(consumer, reports);
  await consumer.disconnect();
}

/**
 * Looks at the group when it is not rebalancing: joining blindly would disturb a group that turns
 * out to be another database's. No rebalance lasts longer than its timeout; what is unknown even
 * then is for the assignment to decide.
 */
async function findSettledNeighbours(
  findOthers: () => Promise<GroupNeighbours>,
  stopping: AbortSignal,
): Promise<GroupNeighbours> {
  const deadline = performance.now() + REBALANCE_TIMEOUT_MS;
  for (;;) {
    const neighbours = await findOthers();
    const settled = !neighbours.rebalancing || performance.now() > deadline;
    if (settled || stopping.aborted) return neighbours;
    await sleepUnless(stopping, REBALANCE_LOOK_MS);
  }
}

interface Assigned {
  topic: string;
  partition: number;
}

const partitionsOf = (event: ConsumerGroupJoinEvent): Assigned[] =>
  Object.entries(event.payload.memberAssignment).flatMap(([topic, partitions]) =>
    partitions.map((partition) => ({ topic, partition })),
  );

/**
 * Continues in each partition where the database says, whatever Kafka has stored; one whose answer
 * takes time is paused for it.
 */
async function seekTo(
  consumer: KafkaJsConsumer,
  assigned: readonly Assigned[],
  startOffset: (topic: string, partition: number) => ReturnType<ConsumerOptions["startOffset"]>,
): Promise<void> {
  const seek = ({ topic, partition }: Assigned, offset = 0) =>
    consumer.seek({ topic, partition, offset: String(offset) });
  const later: Promise<void>[] = [];
  for (const place of assigned) {
    const answer = startOffset(place.topic, place.partition);
    if (!(answer instanceof Promise)) {
      seek(place, answer);
      continue;
    }
    const pausing = [{ topic: place.topic, partitions: [place.partition] }];
    consumer.pause(pausing);
    later.push(
      answer.then((offset) => {
        seek(place, offset);
        consumer.resume(pausing);
      }),
    );
  }
  await Promise.all(later);
}

async function takeOver(
  payload: EachBatchPayload,
  options: ConsumerOptions,
  clusterId: string,
  stopping: AbortSignal,
  heartbeatsMs: number,
): Promise<void> {
  // Fetched before this member joined again: where to continue has been decided anew since.
  if (payload.isStale()) return;
  const batch = toConsumedBatch(payload.batch);
  const moved = new AbortController();
  const signal = AbortSignal.any([moved.signal, stopping]);
  const heartbeats = setInterval(() => {
    if (!payload.isRunning() || payload.isStale()) moved.abort();
    payload.heartbeat().catch((error: unknown) => moved.abort(error));
  }, heartbeatsMs);
  try {
    await options.onBatch(batch, clusterId, signal);
  } finally {
    clearInterval(heartbeats);
  }
  if (moved.signal.reason instanceof Error && moved.signal.reason.name !== "AbortError") {
    throw moved.signal.reason;
  }
  if (!signal.aborted && !payload.isStale()) payload.resolveOffset(payload.batch.lastOffset());
}

/** Waits for a promise to settle, either way, but no longer than `ms`. */
async function settledWithin(promise: Promise<unknown>, ms: number): Promise<void> {
  const deadline = Promise.withResolvers<void>();
  const timer = setTimeout(deadline.resolve, ms);
  await Promise.race([promise.catch(() => {}), deadline.promise]);
  clearTimeout(timer);
}

async function flushReports(consumer: KafkaJsConsumer, reports: Reports): Promise<void> {
  if (reports.size === 0) return;
  const offsets = [...reports.values()].map(({ topic, partition, nextOffset }) => ({
    topic,
    partition,
    offset: String(nextOffset),
  }));
  reports.clear();
  try {
    await consumer.commitOffsets(offsets);
  } catch {
    // Only displays read these; the next report repeats what got lost.
  }
}

import { AppError, type Clock, isAppError, monotonic, steadyClock } from "@order-outbox/errors";
import type { EventMap } from "@order-outbox/events";
import {
  type ConsumerIntervals,
  type ConsumerStatus,
  createConsumer,
  fetchPartitionEnds,
  type KafkaClient,
  type Log,
  type PartitionEnds,
} from "@order-outbox/kafka";
import type { Units } from "@order-outbox/units";
import { chosenOffset } from "./chosen-offset.ts";
import type { Handlers } from "./handler.ts";
import type { RetryPolicy } from "./held-rules.ts";
import { createHeldRunner } from "./held-runner.ts";
import { createLags, ownLagOf, type PartitionLag } from "./lags.ts";
import { createLanes } from "./lanes.ts";
import type { FollowEvent } from "./observer.ts";
import { createOffsetTracker, type OffsetTracker } from "./offset-tracker.ts";
import { workOnRequests } from "./operator-requests.ts";
import { pauseBefore } from "./pause.ts";
import { createProgress } from "./progress.ts";
import { createRecordCommits } from "./record-commits.ts";
import type { InboxFacts, InboxStore } from "./store.ts";
import { createTakeOver } from "./take-over.ts";
import { tellUnknownTypes } from "./unknown-types.ts";
import type { InboxCounters, WorkDeps } from "./work-deps.ts";

/** How a service consumes. */
export interface InboxOptions {
  client: KafkaClient;
  /** Of this consumer, whose name is its consumer group. */
  store: InboxStore;
  /** Where everything else in this service goes, too; it writes what the handlers decide. */
  units: Units;
  /**
   * The topics, each with its partition count for the case that it has to be created; those first
   * whose events others build on, so that these seldom come too early and have to wait.
   */
  topics: Readonly<Record<string, number>>;
  /** The types of events that there are; others are counted and skipped. */
  events: EventMap;
  handlers: Handlers;
  log: Log;
  /** Milliseconds since the epoch: for what is stored. */
  now: Clock;
  /** For everything that lasts; `performance.now` when it is left out. */
  monotonic?: Clock;
  /** How many events may be worked on at once; 512. */
  concurrency?: number;
  /** How failures that may pass are tried again; 10 attempts, from 200 ms to 30 s apart. */
  retry?: RetryPolicy;
  /** A number in [0, 1), for the spread of delays. */
  random?(): number;
  /** Follows the work on each event. */
  follow?: FollowEvent | undefined;
  /** How often it does what it does again and again. */
  intervals?: InboxIntervals;
}

/** In milliseconds. */
export interface InboxIntervals extends ConsumerIntervals {
  /** Looks at what operators ask; 2,000. */
  requestsMs?: number;
}

/** What an inbox is doing, for health checks and metrics. */
export interface InboxStatus extends InboxFacts, InboxCounters {
  consumer: ConsumerStatus;
  /** Events taken over and not finished. */
  inFlight: number;
  /** Records between what this database has finished and the ends of all partitions there are. */
  lag: number;
  /** That part of it which is for this member of the group to work off. */
  ownLag: number;
  lags: PartitionLag[];
  /**
   * Milliseconds since the epoch of when an event was last finished, or nothing waited: to show. What is decided goes by `sinceProgressMs`.
   */
  lastProgressAt: number | null;
  /** Milliseconds since then; 0 while a call to the outside world is in flight within its limit. */
  sinceProgressMs: number | null;
}

/** A running, idempotent consumer. */
export interface Inbox {
  status(): InboxStatus;
  /** Leaves the group and finishes what was taken over. The store must still be open. */
  stop(): Promise<void>;
}

const RETRY: RetryPolicy = { attempts: 10, baseMs: 200, capMs: 30_000 };
const AWAY_MS = 15_000;

/**
 * Consumes events so that each takes effect exactly once: inbox row, effects, follow-up events and the partition's next offset are committed together, and the database's offset, not
 * Kafka's, says where to continue. Events of one subject run in order, across topics.
 *
 * @example
 * const inbox = startInbox({
 *   client, store, units, log, now,
 *   topics: { order_created: 6 },
 *   events: EVENTS,
 *   handlers: { ORDER_CREATED: { decide: ({ data }) => [insertPayment(paymentOf(data))] } },
 * });
 */
export function startInbox(options: InboxOptions): Inbox {
  const { client, store, units, topics, events, handlers, log, now, intervals = {} } = options;
  const groupId = store.consumer;
  const elapsed = options.monotonic ?? monotonic;
  const stopping = new AbortController();
  const trackers = new Map<string, OffsetTracker>();
  const lags = createLags({
    assigned: () => consumer.status().assigned,
    watermark: (topic, partition) => trackers.get(`${topic}/${partition}`)?.watermark(),
    storedOffset: store.nextOffset,
  });
  let lookedAt = Number.NEGATIVE_INFINITY;
  const counters: InboxCounters = {
    processed: 0,
    duplicates: 0,
    skipped: 0,
    unknown: 0,
    retries: 0,
    parked: 0,
  };
  const progress = createProgress(elapsed, now);
  let lookedAtCluster: string | undefined;
  const lanes = createLanes(options.concurrency ?? 512, (error) => {
    if (isAppError(error, "SHUTTING_DOWN")) return;
    log.error({ err: error }, "an event could not be finished; it is read again after a restart");
  });
  const tellUnknown = tellUnknownTypes(log);
  const deps: WorkDeps = {
    noteUnknown(type) {
      counters.unknown += 1;
      tellUnknown(type);
    },
    store,
    units,
    commits: createRecordCommits({
      units,
      consumer: groupId,
      now,
      onMoved(topic, partition, nextOffset) {
        progress.note();
        consumer.reportOffset(topic, partition, nextOffset);
      },
    }),
    events,
    handlers,
    log,
    steady: steadyClock(now, elapsed),
    now,
    counters,
    progress,
    random: options.random ?? Math.random,
    retry: options.retry ?? RETRY,
    follow: options.follow,
    troubled: { events: 0 },
    pause: (attempt: number) => pauseBefore(attempt, stopping.signal),
  };
  const runner = createHeldRunner(deps, lanes, stopping.signal);

  const presence = store.holdPresence?.();
  const consumer = createConsumer(client, {
    groupId,
    topics,
    ...(presence && { presence }),
    databaseId: store.databaseId,
    intervals,
    startOffset(clusterId, topic, partition) {
      warnOfNewCluster(clusterId).catch(() => {});
      // What waited during an outage waits from now on. One that fails at once after each join is not
      // away for so long.
      if (elapsed() - lookedAt > AWAY_MS) progress.note();
      const follow = (offset: number | undefined) => {
        // A fresh tracker per assignment: what the old one still works on is read again and known.
        trackers.set(`${topic}/${partition}`, createOffsetTracker(offset ?? 0));
        return offset;
      };
      const offset = store.nextOffset(clusterId, topic, partition);
      return offset instanceof Promise ? offset.then(follow) : follow(offset);
    },
    onBatch: createTakeOver({
      deps,
      trackers,
      lanes,
      lags,
      runner,
      stopping: stopping.signal,
      reportOffset: (...place) => consumer.reportOffset(...place),
    }),
    onEnds: takeEnds,
  });
  const requests = workOnRequests({ store, runner, log, now, resetOffset }, intervals.requestsMs);
  runner.start();
  consumer.start();

  function takeEnds(ends: readonly PartitionEnds[], clusterId: string): void {
    // What comes to an inbox that has nothing to do has not waited yet.
    if (ownLagOf(lags.list()) === 0) progress.note();
    lags.noteEnds(ends, clusterId).catch((error: unknown) => {
      log.warn({ error }, "the lag of partitions could not be looked up");
    });
    lookedAt = elapsed();
  }

  /** Between two memberships, so that nothing that was taken over moves the offset again. */
  async function resetOffset(
    topic: string,
    partition: number,
    to: "earliest" | "latest" | number,
  ): Promise<number> {
    const moved = Promise.withResolvers<number>();
    await consumer
      .restart(async () => {
        await lanes.idle();
        const { clusterId, ...kept } = await fetchPartitionEnds(client, topic, partition);
        const next = chosenOffset(to, kept, `${topic}/${partition}`);
        const at = new Date(now()).toISOString();
        await store.setOffset(clusterId, topic, partition, next, at);
        log.warn({ topic, partition, offset: next }, "offset reset by an operator");
        moved.resolve(next);
      })
      .catch(moved.reject);
    return moved.promise;
  }

  async function warnOfNewCluster(clusterId: string): Promise<void> {
    if (lookedAtCluster === clusterId) return;
    lookedAtCluster = clusterId;
    if (!(await store.isNewCluster(clusterId))) return;
    log.warn(
      { clusterId, groupId },
      "this is another Kafka cluster than before: reading from its beginning, known events are skipped",
    );
  }

  return {
    status() {
      const known = lags.list();
      return {
        consumer: consumer.status(),
        ...store.facts(),
        ...counters,
        inFlight: lanes.size,
        lag: known.reduce((sum, { records }) => sum + records, 0),
        ownLag: ownLagOf(known),
        lags: known,
        lastProgressAt: progress.lastAt(),
        sinceProgressMs: progress.sinceMs(),
      };
    },
    async stop() {
      stopping.abort(new AppError("SHUTTING_DOWN", "the consumer is stopping"));
      runner.stop();
      await requests.stop();
      await lanes.idle();
      await consumer.stop();
      presence?.end();
    },
  };
}

import { setImmediate as nextTurn } from "node:timers/promises";
import { isAppError, toAppError } from "@order-outbox/errors";
import type { PartitionOutcome } from "@order-outbox/kafka";
import { tellCrashPoint } from "./crash-points.ts";
import { holdBack } from "./hold-back.ts";
import { restAfterRound } from "./pacing.ts";
import { createPartitionHolds } from "./partition-holds.ts";
import { createRelayMemory } from "./relay-memory.ts";
import type { RelayDeps, RelaySettings, RelayStatus } from "./relay-types.ts";
import { composeRound, type Round, type RoundPart } from "./round.ts";
import { createWaker } from "./waker.ts";

type Connection = Awaited<ReturnType<RelayDeps["connect"]>>;

const STANDBY_MS = 1_000;
/** A resting relay keeps its lease: well within half of `LEASE_MS`. */
const RENEW_MS = 10_000;
/** How long a lease lasts: its half is more than a round with its repetitions can take. */
export const LEASE_MS = 40_000;

/** Publishes the pending rows of one outbox, in order, one round in flight at a time. */
export interface Relay {
  /** Works until `stop`. */
  run(): Promise<void>;
  /** Says that rows may be waiting. Cheap, and may be called as often as one likes. */
  wake(): void;
  /** Ends `run` after the round in flight. */
  stop(): void;
  status(): RelayStatus;
}

/**
 * Creates a relay. Three things are kept across attempts, and after a failure they come in this
 * order: rows that are acknowledged but not marked are marked, never sent again; a round whose
 * outcome is unknown is sent again as it was, to the same publisher; only then is a new round read.
 *
 * As long as nothing fails, disk and broker work at the same time: the rows of a round are marked
 * while the next one is in flight, and while a full round is in flight its successor is read.
 */
export function createRelay(deps: RelayDeps, settings: RelaySettings): Relay {
  const { store, lease, log, now, monotonic, random } = deps;
  const waker = createWaker();
  const holds = createPartitionHolds(settings.backoff, settings.limits.rows);
  const memory = createRelayMemory(deps, settings);
  const { status } = memory;
  const { refusalsToPark } = settings;
  const refusals = { store, holds, status, log, now, monotonic, random, refusalsToPark };
  let connection: Connection | undefined;
  let inDoubt: Round | undefined;
  let unmarked: number[] = [];
  let ahead: Round | undefined;
  let lookedAt = 0;
  let sent = { at: 0, time: 0 };

  async function run(): Promise<void> {
    try {
      while (!waker.stopped) {
        try {
          if (!(await ensureLease())) {
            await standBy();
            continue;
          }
          const more = await publishNext();
          memory.noteSuccess();
          if (!more) await waker.waitForWork(restMs());
        } catch (error) {
          await waker.pause(afterFailure(error));
        }
      }
      await markAcknowledged();
    } catch (error) {
      log.error(
        { rows: unmarked.length },
        `could not mark the last rows: ${toAppError(error).message}`,
      );
    } finally {
      await disconnect();
      await lease?.release();
    }
  }

  async function ensureLease(): Promise<boolean> {
    const before = lease?.fencing();
    const held = (await lease?.ensure()) ?? true;
    // Another worker may have published in between what was read ahead.
    if (lease?.fencing() !== before) ahead = undefined;
    memory.noteLease(held);
    return held;
  }

  /** The owner of the lease works on what this one may have left, whatever it knows of it. */
  async function standBy(): Promise<void> {
    inDoubt = undefined;
    unmarked = [];
    memory.noteBroker("unknown");
    await disconnect();
    await waker.pause(settings.standbyMs ?? STANDBY_MS);
  }

  /**
   * One round: read, send, settle, and mark, which is done while the next round is in flight.
   *
   * @returns whether another round may be waiting
   */
  async function publishNext(): Promise<boolean> {
    if (status.failures > 0) await markAcknowledged();
    if (inDoubt !== undefined) await requireSameCluster();
    connection ??= await deps.connect();
    memory.noteBroker("up");
    const round = inDoubt ?? ahead ?? (await readRound(connection.partitions));
    ahead = undefined;
    if (round.rows === 0) {
      await markAcknowledged();
      return false;
    }
    const { outcomes, failure } = await send(round, connection);
    await settle(round, outcomes);
    if (failure !== undefined) throw failure;
    // Before the rest, in which rows are marked: who sees them published sees no failure any more.
    memory.noteSuccess();
    await restAfter(round);
    return true;
  }

  async function readRound(partitions: ReadonlyMap<string, number>): Promise<Round> {
    const { limits, source } = settings;
    lookedAt = monotonic();
    const onTheirWay = inDoubt === undefined ? unmarked : [...unmarked, ...idsOf(inDoubt.parts)];
    const held = holds.heldAt(lookedAt);
    const rowLimits = holds.rowLimits();
    // Behind what a partition that is being split has to leave for later others may go.
    const reach = rowLimits.size === 0 ? limits : { ...limits, bytes: Number.POSITIVE_INFINITY };
    const pending = await store.readPending(partitions, held, reach, onTheirWay);
    const round = composeRound(pending, partitions, rowLimits, limits, source, now());
    tellCrashPoint("read", () => idsOf(round.parts));
    return round;
  }

  /** Sends a round and hears how it went, while the disk does what it can. */
  async function send(
    round: Round,
    { publisher, partitions }: Connection,
  ): Promise<{ outcomes: PartitionOutcome[]; failure: Error | undefined }> {
    inDoubt = round;
    sent = { at: monotonic(), time: now() };
    const answer = publisher.send(round.parts);
    tellCrashPoint("sent", () => idsOf(round.parts));
    const work = workInFlight(round, partitions);
    let outcomes: PartitionOutcome[];
    try {
      outcomes = await answer;
    } finally {
      await work;
    }
    inDoubt = undefined;
    return { outcomes, failure: await work };
  }

  /**
   * What the disk can do while the broker works: mark the round before this one, and read the next.
   *
   * @returns what went wrong, because the answer has to be heard first
   */
  async function workInFlight(
    round: Round,
    partitions: ReadonlyMap<string, number>,
  ): Promise<Error | undefined> {
    if (unmarked.length === 0 && !round.full) return undefined;
    try {
      // Only then is the request with the network.
      await nextTurn();
      await markAcknowledged();
      // What is behind a full round can be read now, unless this round decides what goes next.
      const isFree = holds.heldAt(monotonic()).length === 0 && holds.rowLimits().size === 0;
      if (!round.full || !isFree || waker.stopped) return undefined;
      await nextTurn();
      const next = await readRound(partitions);
      if (next.rows > 0) ahead = next;
      return undefined;
    } catch (error) {
      return error instanceof Error ? error : toAppError(error);
    }
  }

  async function settle(round: Round, outcomes: readonly PartitionOutcome[]): Promise<void> {
    const written = round.parts.filter((_, index) => outcomes[index]?.error === undefined);
    unmarked.push(...idsOf(written));
    tellCrashPoint("acknowledged", () => idsOf(written));
    const heardAt = monotonic();
    const times = { sentAt: sent.time, acknowledgedAt: sent.time + heardAt - sent.at };
    for (const { topic, partition, rows } of written) {
      const waited = holds.noteSuccess(topic, partition, rows.length);
      if (waited) log.info({ topic, partition }, "partition goes on");
      deps.onPublished?.({ topic, partition, rows, ...times });
    }
    if (written.length > 0) memory.noteAcknowledged(heardAt);
    if (written.length === round.parts.length) return;
    // The publisher's sequence numbers no longer tell the truth; see Publisher.
    await disconnect();
    for (const [index, part] of round.parts.entries()) {
      const error = outcomes[index]?.error;
      if (error !== undefined) await holdBack(refusals, part, error);
    }
    await markAcknowledged();
  }

  async function markAcknowledged(): Promise<void> {
    if (unmarked.length === 0) return;
    const ids = unmarked;
    const marked = await store.markPublished(ids, new Date(now()).toISOString(), lease?.fencing());
    unmarked = [];
    if (!marked) {
      log.warn(
        { rows: ids.length },
        "another worker has taken over; it publishes these rows again",
      );
      return;
    }
    status.published += ids.length;
    tellCrashPoint("marked", () => ids);
  }

  /** Lets rows come together; what is acknowledged is not left unmarked meanwhile. */
  async function restAfter(round: Round): Promise<void> {
    const restMs = restAfterRound(round, monotonic() - sent.at);
    if (restMs === 0) return;
    await markAcknowledged();
    await waker.pause(restMs);
  }

  /** A round of unknown outcome goes to the cluster that may already have it, or starts afresh. */
  async function requireSameCluster(): Promise<void> {
    if (connection === undefined || (await connection.publisher.isSameCluster())) return;
    log.warn({}, "the broker is another cluster now; what it has not acknowledged is read again");
    inDoubt = undefined;
    await disconnect();
  }

  async function disconnect(): Promise<void> {
    const leaving = connection;
    connection = undefined;
    ahead = undefined;
    await leaving?.publisher.close();
  }

  /** @returns milliseconds until the next attempt */
  function afterFailure(error: unknown): number {
    ahead = undefined;
    if (isAppError(error, "TOPIC_MISSING")) {
      inDoubt = undefined;
      void disconnect();
    }
    return memory.noteFailure(error);
  }

  function restMs(): number {
    const longest = Math.min(settings.pollMs, lease === undefined ? settings.pollMs : RENEW_MS);
    // A hold that was in force when the rows were read may have ended since.
    const release = holds.nextRelease(lookedAt) ?? Number.POSITIVE_INFINITY;
    return Math.max(0, Math.min(longest, release - monotonic()));
  }

  const statusNow = () => memory.statusNow(holds.waiting());
  return { run, wake: waker.wake, stop: waker.stop, status: statusNow };
}

const idsOf = (parts: readonly RoundPart[]): number[] =>
  parts.flatMap(({ rows }) => rows.map(({ id }) => id));

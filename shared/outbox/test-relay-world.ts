import { setImmediate as nextTurn } from "node:timers/promises";
import { type PartitionBatch, type Publisher, partitionOf } from "@order-outbox/kafka";
import { waitFor } from "@order-outbox/testing";
import { createRelay, type Relay } from "./mod.ts";
import type { OutboxStore } from "./store.ts";
import { BATCH_LIMIT, createFailingBroker, idsOf } from "./test-failing-broker.ts";
import type { TestOutbox } from "./test-outbox.ts";

const PARTITIONS = 3;
const KEYS = ["a", "b", "c", "d", "e", "f", "g", "h"];

/**
 * For a model test: a relay with a real database, and a world around it that fails at random, keeps
 * every record that it wrote, and notices what a relay must never do.
 */
export interface RelayWorld {
  /** Commits so many events at once. */
  append(count: number): void;
  /** An operator makes what is parked pending again, some of it mended. */
  redrive(): void;
  /** Starts a relay unless one is running. */
  runRelay(): void;
  stopRelay(): Promise<void>;
  /** The relay never gets another answer, as if its process had been killed. */
  crashRelay(): void;
  /** Another cluster, which knows nothing, takes the broker's address. */
  replaceCluster(): void;
  /** From now on only records that are too large are refused. */
  calm(): void;
  /** Waits until every row is published, is parked, or waits behind a parked one. */
  drained(): Promise<void>;
  /** What the relay did against its rules, as it happened. */
  readonly violations: string[];
  /**
   * Ids that were written for the first time after a later id of their key, or of their partition
   * unless a row of their key was redriven.
   */
  outOfOrder(): number[];
  /** Rows whose end is not the one that they should have. */
  unexplained(): string[];
  counts(): { written: number; repeated: number; parked: number; readAhead: number };
}

export function openRelayWorld(
  outbox: TestOutbox,
  random: () => number,
  refusalsToPark: number,
): RelayWorld {
  const { topic } = outbox;
  const large = new Set<number>();
  const violations: string[] = [];
  const redriven = new Set<string>();
  let readAhead = 0;
  let trouble = true;
  let clock = 0;
  let running: { relay: Relay; ended: Promise<void>; crash(): void } | undefined;

  const chance = (probability: number): boolean => trouble && random() < probability;
  /** Not every database answers at once. */
  const perhapsLater = async () => {
    if (random() < 0.3) await nextTurn();
  };
  const broker = createFailingBroker(topic, chance, (violation) => violations.push(violation));
  const { writes } = broker;

  function startRelay(): NonNullable<typeof running> {
    let crashed = false;
    let inFlight = false;
    const acknowledged = new Set<number>();
    const never = new Promise<never>(() => {});
    /** What a crashed relay asks for is never answered. */
    const whileAlive = async <T>(work: () => Promise<T>): Promise<T> => {
      if (crashed) return never;
      try {
        const result = await work();
        return crashed ? await never : result;
      } catch (error) {
        if (crashed) return never;
        throw error;
      }
    };
    const send = async (publisher: Publisher, batches: readonly PartitionBatch[]) => {
      const again = batches.flatMap(idsOf).filter((id) => acknowledged.has(id));
      violations.push(...again.map((id) => `sent ${id} again, which is acknowledged`));
      inFlight = true;
      const outcomes = await publisher.send(batches).finally(() => {
        inFlight = false;
      });
      const written = batches.filter((_, index) => outcomes[index]?.error === undefined);
      for (const id of written.flatMap(idsOf)) acknowledged.add(id);
      return outcomes;
    };
    const store: OutboxStore = {
      ...outbox.store,
      async readPending(...of) {
        if (inFlight) readAhead += 1;
        await perhapsLater();
        const pending = await outbox.store.readPending(...of);
        await perhapsLater();
        return pending;
      },
      async markPublished(ids, at) {
        await perhapsLater();
        if (crashed || chance(0.15)) throw new Error("the disk is full");
        const written = new Set(writes.map(({ id }) => id));
        violations.push(
          ...ids.filter((id) => !written.has(id)).map((id) => `marked ${id}, which is not written`),
        );
        const marked = await outbox.store.markPublished(ids, at);
        await perhapsLater();
        return marked;
      },
      async chargeRefusal(id, error, parkedAt) {
        if (!large.has(id)) violations.push(`charged ${id}, which is not too large`);
        await perhapsLater();
        if (!crashed) await outbox.store.chargeRefusal(id, error, parkedAt);
      },
    };
    const relay = createRelay(
      {
        store,
        connect: () =>
          whileAlive(async () => {
            const publisher = await broker.connect();
            return {
              partitions: new Map([[topic, PARTITIONS]]),
              publisher: {
                send: (batches) => whileAlive(() => send(publisher, batches)),
                isSameCluster: () => whileAlive(() => publisher.isSameCluster()),
                close: () => whileAlive(() => publisher.close()),
              },
            };
          }),
        now: Date.now,
        monotonic: () => {
          clock += 1;
          return clock;
        },
        random,
        log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
      },
      {
        source: "/model",
        pollMs: 1,
        limits: { rows: 4, bytes: 1_500 },
        backoff: { baseMs: 1, capMs: 4 },
        refusalsToPark,
      },
    );
    return {
      relay,
      ended: relay.run(),
      crash() {
        crashed = true;
        relay.stop();
      },
    };
  }

  /** Rows behind a parked row of their key. */
  const waiting = (): Set<number> => {
    const rows = outbox.rows();
    return new Set(
      rows
        .filter(({ id, partitionKey }) =>
          rows.some(
            (other) =>
              other.parkedAt !== null && other.partitionKey === partitionKey && other.id < id,
          ),
        )
        .map(({ id }) => id),
    );
  };

  return {
    violations,
    append(count) {
      const appendOne = () => {
        const key = KEYS[Math.floor(random() * KEYS.length)] ?? "a";
        const isLarge = random() < 0.04;
        const size = isLarge ? BATCH_LIMIT : Math.floor(random() * 90);
        const [id = 0] = outbox.append([key], { data: "x".repeat(size) });
        if (isLarge) large.add(id);
      };
      outbox.db.transaction(() => Array.from({ length: count }, appendOne)).immediate();
      running?.relay.wake();
    },
    redrive() {
      for (const { id, partitionKey, parkedAt } of outbox.rows()) {
        if (parkedAt === null) continue;
        redriven.add(partitionKey);
        if (random() < 0.5 && large.delete(id)) {
          outbox.db.run("UPDATE outbox SET payload = '{}' WHERE id = ?", [id]);
        }
      }
      outbox.db.run("UPDATE outbox SET parkedAt = NULL, attempts = 0 WHERE parkedAt IS NOT NULL");
      running?.relay.wake();
    },
    runRelay() {
      running ??= startRelay();
    },
    async stopRelay() {
      const stopping = running;
      running = undefined;
      stopping?.relay.stop();
      await stopping?.ended;
    },
    crashRelay() {
      running?.crash();
      running = undefined;
    },
    replaceCluster: broker.replaceCluster,
    calm() {
      trouble = false;
    },
    async drained() {
      await waitFor(
        () => {
          const behind = waiting();
          return outbox
            .rows()
            .every(({ id, isPublished, parkedAt }) => isPublished || parkedAt || behind.has(id));
        },
        { what: "every row to come to its end", intervalMs: 1 },
      );
    },
    outOfOrder() {
      const keys = new Map(outbox.rows().map(({ id, partitionKey }) => [id, partitionKey]));
      const seen = new Set<number>();
      const newest = new Map<number | string, number>();
      return writes.flatMap(({ id, partition }) => {
        const key = keys.get(id) ?? "";
        const inOrderOf = redriven.has(key) ? [key] : [key, partition];
        const late = !seen.has(id) && inOrderOf.some((name) => id < (newest.get(name) ?? 0));
        seen.add(id);
        for (const name of [key, partition]) newest.set(name, Math.max(id, newest.get(name) ?? 0));
        return late ? [id] : [];
      });
    },
    unexplained() {
      const written = new Map(writes.map(({ id, partition }) => [id, partition]));
      const behind = waiting();
      return outbox.rows().flatMap((row) => {
        const { id, partitionKey, isPublished, attempts } = row;
        const isParked = row.parkedAt !== null;
        const isBehind = behind.has(id) && !isParked;
        const isRight =
          isParked === (large.has(id) && !isBehind) &&
          (isPublished === 1) === (!isParked && !isBehind) &&
          written.get(id) === (isPublished ? partitionOf(partitionKey, PARTITIONS) : undefined) &&
          attempts === (isParked ? refusalsToPark : 0);
        return isRight ? [] : [Bun.inspect({ ...row, isBehind, large: large.has(id) })];
      });
    },
    counts() {
      const distinct = new Set(writes.map(({ id }) => id)).size;
      const parked = outbox.rows().filter(({ parkedAt }) => parkedAt !== null).length;
      return { written: distinct, repeated: writes.length - distinct, parked, readAhead };
    },
  };
}

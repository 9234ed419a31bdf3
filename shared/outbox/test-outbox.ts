import { test } from "bun:test";
import { type Clock, monotonic } from "@order-outbox/errors";
import {
  connectPublisher,
  createKafkaClient,
  ensureTopics,
  type KafkaClient,
  partitionOf,
} from "@order-outbox/kafka";
import { closeDatabase, type Database, openDatabase } from "@order-outbox/sqlite";
import { readTopic, tempDir, uniqueName, waitFor } from "@order-outbox/testing";
import {
  createOutboxStore,
  createRelay,
  type Lease,
  OUTBOX_TABLE,
  type Relay,
  type RelaySettings,
  type RoundLimits,
} from "./mod.ts";
import type { NewRow } from "./publish.ts";
import { prepareInsert } from "./sqlite/append.ts";
import type { OutboxStore } from "./store.ts";

/** The tests run against the cluster at KAFKA_HOST when that is set. */
const outside = Boolean(process.env.KAFKA_HOST);

/** A test that ends, restarts or disturbs the broker: with an outside one it is skipped, and says so. */
export function embeddedTest(name: string, body: () => Promise<void>): void {
  if (outside) test.skip(`${name} (needs the embedded broker)`, body);
  else test.concurrent(name, body);
}

/** A row as tests look at it. */
export interface OutboxRow {
  id: number;
  eventId: string;
  partitionKey: string;
  isPublished: 0 | 1;
  publishedAt: string | null;
  attempts: number;
  lastError: string | null;
  parkedAt: string | null;
}

/** An event of any topic, with any data: what the relay has to cope with. */
export interface TestEvent extends Omit<NewRow, "payload"> {
  data: unknown;
}

/** A database file with an outbox, as a service and its relay use it. */
export interface TestOutbox extends Disposable {
  readonly path: string;
  readonly db: Database;
  /** The relay's own connection and what it does with it. */
  readonly relayDb: Database;
  readonly store: OutboxStore;
  readonly topic: string;
  /** Commits one event per key and returns their ids. */
  append(keys: readonly string[], event?: Partial<TestEvent>): number[];
  rows(): OutboxRow[];
  /** The ids that the relay would read next. */
  pending(limits?: RoundLimits): Promise<number[]>;
}

export function tempOutbox(topic = uniqueName("topic")): TestOutbox {
  const dir = tempDir();
  const path = dir.join("outbox.db");
  const db = openDatabase(path);
  // No test cuts the power; a busy disk takes long to write through.
  db.run("PRAGMA synchronous = OFF");
  db.run(OUTBOX_TABLE);
  const relayDb = openDatabase(path, { synchronous: "NORMAL" });
  const store = createOutboxStore(relayDb);
  const insert = prepareInsert(db);
  const newestId = db.prepare<{ id: number }, []>("SELECT max(id) AS id FROM outbox");
  const all = db.prepare<OutboxRow, []>(
    `SELECT id, eventId, partitionKey, isPublished, publishedAt, attempts, lastError, parkedAt
     FROM outbox ORDER BY id`,
  );
  const commit = db.transaction(({ data, ...event }: TestEvent): number => {
    insert({ ...event, payload: JSON.stringify(data) });
    return newestId.get()?.id ?? 0;
  });
  return {
    path,
    db,
    relayDb,
    store,
    topic,
    pending: async (limits = { rows: 100, bytes: 100_000 }) =>
      (await store.readPending(new Map([[topic, 2]]), [], limits)).map(({ id }) => id),
    append: (keys, event = {}) =>
      keys.map((key) =>
        commit.immediate({
          eventId: crypto.randomUUID(),
          eventType: "ORDER_CREATED",
          topic,
          subject: key,
          partitionKey: key,
          data: { key },
          createdAt: new Date().toISOString(),
          ...event,
        }),
      ),
    rows: () => all.all(),
    [Symbol.dispose]() {
      closeDatabase(relayDb);
      closeDatabase(db);
      dir[Symbol.dispose]();
    },
  };
}

/** `count` keys that all go to one partition of `partitions`. */
export function keysOf(partition: number, partitions: number, count: number): string[] {
  const keys: string[] = [];
  for (let n = 0; keys.length < count; n++) {
    const key = `key-${n}`;
    if (partitionOf(key, partitions) === partition) keys.push(key);
  }
  return keys;
}

/** A line that the relay logged. */
export interface LogLine {
  level: string;
  fields: object;
  message: string;
}

/** A running relay; disposal stops it and waits for its end. */
export interface TestRelay extends Relay, AsyncDisposable {
  readonly client: KafkaClient;
  readonly lines: LogLine[];
  /** Stops the relay and waits until it has ended. */
  end(): Promise<void>;
  /** Waits until every row is published. */
  drained(): Promise<void>;
}

export function quickClient(kafkaHost: string, lines: LogLine[] = []): KafkaClient {
  const at = (level: string) => (fields: object, message: string) => {
    lines.push({ level, fields, message });
  };
  return createKafkaClient({
    brokers: kafkaHost.split(","),
    clientId: "relay",
    requestTimeoutMs: 2_000,
    log: { debug: () => {}, info: at("info"), warn: at("warn"), error: at("error") },
  });
}

/** Starts a relay that nobody but `wake` wakes, with delays of a few milliseconds. */
export function startRelay(
  kafkaHost: string,
  outbox: TestOutbox,
  partitions: number,
  settings: Partial<RelaySettings> = {},
  {
    lease,
    clock = monotonic,
    now = Date.now,
  }: { lease?: Lease; clock?: Clock; now?: () => number } = {},
): TestRelay {
  const lines: LogLine[] = [];
  const client = quickClient(kafkaHost, lines);
  const relay = createRelay(
    {
      store: outbox.store,
      ...(lease === undefined ? {} : { lease }),
      connect: async () => ({
        partitions: await ensureTopics(client, { [outbox.topic]: partitions }),
        publisher: await connectPublisher(client),
      }),
      now,
      monotonic: clock,
      random: Math.random,
      log: client.log,
    },
    {
      source: "/test",
      pollMs: 3_600_000,
      limits: { rows: 500, bytes: 960 * 1024 },
      backoff: { baseMs: 5, capMs: 40 },
      refusalsToPark: 3,
      ...settings,
    },
  );
  const running = relay.run();
  const end = () => {
    relay.stop();
    return running;
  };
  return {
    ...relay,
    client,
    lines,
    end,
    drained: async () => {
      await waitFor(() => outbox.rows().every((row) => row.isPublished === 1), {
        what: "every row to be published",
      });
    },
    [Symbol.asyncDispose]: end,
  };
}

/** The outbox ids in a topic, for each partition in the order of the records. */
export async function publishedIds(kafkaHost: string, topic: string): Promise<number[][]> {
  const partitions: number[][] = [];
  for (const { partition, headers } of await readTopic(kafkaHost, topic)) {
    const ids = partitions[partition] ?? [];
    partitions[partition] = ids;
    ids.push(Number(headers.ce_sequence));
  }
  return Array.from(partitions, (ids) => ids ?? []);
}

/** The ids that belong into each partition, in the order in which they have to arrive. */
export function expectedIds(rows: readonly OutboxRow[], partitions: number): number[][] {
  const ids: number[][] = Array.from({ length: partitions }, () => []);
  for (const { id, partitionKey } of rows) ids[partitionOf(partitionKey, partitions)]?.push(id);
  return ids;
}

import { Database } from "bun:sqlite";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_PARTITIONS, TOPICS } from "@order-outbox/contracts";
import { type DevBroker, startDevBroker } from "@order-outbox/dev-broker";
import { readTopic, type TopicRecord, tempDir, waitFor } from "@order-outbox/testing";
import { Kafka, logLevel } from "kafkajs";
import { type System, startSystem } from "./system.ts";

/** What a system has left behind after it worked some orders and was stopped. */
export interface FinishedRun extends Disposable {
  readonly dataDir: string;
  /** In the order of acceptance. */
  readonly orderIds: readonly string[];
  readonly records: Readonly<Record<string, readonly TopicRecord[]>>;
}

/** Databases, ledgers and topics, to be tampered with. */
export interface CopiedRun extends Disposable {
  readonly dataDir: string;
  readonly kafkaHost: string;
  /** Runs statements on one of the files, such as `orders` or `provider-ledger`. */
  change(file: string, ...statements: string[]): void;
  value<Value>(file: string, sql: string): Value;
}

/** Runs a real system until `count` orders are worked to their ends, and stops it. */
export async function finishRun(
  count: number,
  env: Record<string, string> = {},
): Promise<FinishedRun> {
  const dir = tempDir();
  await using system = await startSystem({ dataDir: dir.path, env: { LOG_LEVEL: "warn", ...env } });
  const orderIds: string[] = [];
  for (let i = 0; i < count; i++) {
    orderIds.push(await system.createOrder());
    // So that the first publication is earlier than the others: pruning goes by that.
    if (i === 0) await waitUntilWorked(system, 1);
  }
  await waitUntilWorked(system, count);
  const records = Object.fromEntries(
    await Promise.all(
      Object.values(TOPICS).map(
        async (topic) => [topic, await readTopic(system.kafkaHost, topic)] as const,
      ),
    ),
  );
  await Promise.all([system.order, system.payment, system.notification].map((one) => one.stop()));
  return { dataDir: dir.path, orderIds, records, [Symbol.dispose]: dir[Symbol.dispose] };
}

/** Waits until every order is final, told, and marked as published. */
export async function waitUntilWorked({ dataDir }: System, count: number): Promise<void> {
  const all = (file: string, sql: string, wanted: number) =>
    waitFor(() => readValue<number>(join(dataDir, `${file}.db`), sql) === wanted, {
      what: `${wanted}: ${sql}`,
      timeoutMs: 30_000,
    });
  await all("orders", "SELECT count(*) FROM orders WHERE status <> 'PENDING'", count);
  await all("notifications", "SELECT count(*) FROM notifications", count * 6);
  await all("orders", "SELECT count(*) FROM outbox WHERE isPublished = 1", count);
  await all("payments", "SELECT count(*) FROM outbox WHERE isPublished = 1", count);
}

/** A broker that has the same records as the one of the run, unless `edit` changes them. */
export async function replayRun(
  run: FinishedRun,
  edit: (topic: string, records: TopicRecord[]) => TopicRecord[] = (_, records) => records,
): Promise<DevBroker> {
  await using opened = new AsyncDisposableStack();
  const broker = opened.use(
    await startDevBroker({
      topics: Object.fromEntries(Object.values(TOPICS).map((topic) => [topic, DEFAULT_PARTITIONS])),
    }),
  );
  const kafka = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING });
  const producer = kafka.producer();
  await producer.connect();
  for (const [topic, records] of Object.entries(run.records)) {
    const messages = edit(topic, [...records]).map((record) => ({
      ...record,
      timestamp: String(record.timestamp),
    }));
    await producer.send({ topic, messages });
  }
  await producer.disconnect();
  opened.move();
  return broker;
}

/** A copy of the files that a run left, which have read the records of `broker`. */
export function copyRun(run: FinishedRun, broker: DevBroker): CopiedRun {
  const dir = tempDir();
  cpSync(run.dataDir, dir.path, { recursive: true });
  const pathOf = (file: string) => dir.join(`${file}.db`);
  const change = (file: string, ...statements: string[]) => {
    using db = new Database(pathOf(file), { readwrite: true });
    for (const statement of statements) db.run(statement);
  };
  for (const file of ["orders", "payments", "notifications"]) {
    change(file, `UPDATE consumer_offsets SET clusterId = '${broker.clusterId}'`);
  }
  return {
    dataDir: dir.path,
    kafkaHost: broker.address,
    change,
    value: (file, sql) => readValue(pathOf(file), sql),
    [Symbol.dispose]: dir[Symbol.dispose],
  };
}

function readValue<Value>(path: string, sql: string): Value {
  using db = new Database(path, { readonly: true });
  return db.query(sql).values()[0]?.[0] as Value;
}

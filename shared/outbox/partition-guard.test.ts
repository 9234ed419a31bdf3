import { expect, test } from "bun:test";
import { monotonic } from "@order-outbox/errors";
import { ensureTopics } from "@order-outbox/kafka";
import { startBroker, waitFor } from "@order-outbox/testing";
import { startOutboxWorker } from "./mod.ts";
import { preparePartitionGuard } from "./partition-guard.ts";
import { publishedIds, quickClient, type TestOutbox, tempOutbox } from "./test-outbox.ts";

const AT = "2026-01-02T03:04:05.678Z";

const recorded = ({ db }: TestOutbox) =>
  db.query("SELECT topic, partitions, recordedAt FROM published_topics ORDER BY topic").values();

function startWorker(kafkaHost: string, { path, topic }: TestOutbox) {
  const warnings: { fields: object; message: string }[] = [];
  const worker = startOutboxWorker({
    entry: new URL("worker-program.ts", import.meta.url),
    settings: {
      database: path,
      brokers: kafkaHost.split(","),
      clientId: "order-service",
      topics: { [topic]: 2 },
      source: "/test",
      pollMs: 3_600_000,
      backoffCapMs: 20,
      heartbeatMs: 50,
    },
    log: {
      debug() {},
      info() {},
      error() {},
      warn: (fields, message) => void warnings.push({ fields, message }),
    },
    onFailure(error) {
      throw error;
    },
    monotonic,
  });
  return { ...worker, warnings, [Symbol.asyncDispose]: () => worker.stop() };
}

test("the first contact with a topic records its count, and no later one changes it", async () => {
  using outbox = tempOutbox();
  const guard = preparePartitionGuard(outbox.store, "order-service");
  await guard(new Map([["a", 6]]), AT);
  await guard(new Map([["a", 6]]), "later");
  await guard(
    new Map([
      ["a", 6],
      ["b", 2],
    ]),
    AT,
  );
  const rows = [
    ["a", 6, AT],
    ["b", 2, AT],
  ];
  expect(recorded(outbox)).toEqual(rows);
  await expect(guard(new Map([["a", 12]]), AT)).rejects.toThrow(
    'a has 12 partitions, its keys were spread over 6: drain it, then run `bun run outbox accept-partitions --service order-service --topic a --count 12 --reason "…"`',
  );
  expect(recorded(outbox)).toEqual(rows);
});

test("a topic whose partition count changed gets nothing until that is accepted, then everything", async () => {
  await using broker = await startBroker();
  using outbox = tempOutbox();
  const client = quickClient(broker.kafkaHost);
  await ensureTopics(client, { [outbox.topic]: 2 });
  outbox.append(["a", "b"]);
  {
    await using first = startWorker(broker.kafkaHost, outbox);
    await waitFor(() => outbox.rows().every(({ isPublished }) => isPublished === 1), {
      what: "the first rows",
    });
    expect(first.warnings).toEqual([]);
  }
  const admin = client.kafkajs.admin();
  await admin.connect();
  await admin.createPartitions({ topicPartitions: [{ topic: outbox.topic, count: 4 }] });
  await admin.disconnect();

  outbox.append(["a", "b", "c"]);
  await using worker = startWorker(broker.kafkaHost, outbox);
  const refused = await waitFor(
    () => {
      const status = worker.status();
      return (status?.failures ?? 0) > 1 ? status : undefined;
    },
    { what: "the refusal" },
  );
  expect(refused.lastError).toStartWith(
    `${outbox.topic} has 4 partitions, its keys were spread over 2: drain it`,
  );
  expect(worker.warnings).toMatchObject([{ fields: { code: "PARTITIONS_CHANGED" } }]);
  // The broker answers, so what waits is no outage.
  expect(refused.broker).toBe("up");
  expect(outbox.rows().filter(({ isPublished }) => isPublished === 0)).toHaveLength(3);

  outbox.append(["d"]);
  outbox.db.run("UPDATE published_topics SET partitions = 4");
  await waitFor(() => outbox.rows().every(({ isPublished }) => isPublished === 1), {
    what: "the rows that waited",
  });
  const published = await publishedIds(broker.kafkaHost, outbox.topic);
  expect(published.flat().toSorted()).toEqual([1, 2, 3, 4, 5, 6]);
});

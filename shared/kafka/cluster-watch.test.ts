import { expect } from "bun:test";
import { freePort, startBroker, tempDir, uniqueName, waitFor } from "@order-outbox/testing";
import { ensureTopics } from "./mod.ts";
import { embeddedTest, publish, testClient, testConsumer } from "./test-kafka.ts";

embeddedTest("records of another cluster behind an old offset are not passed over", async () => {
  using folder = tempDir();
  const port = await freePort();
  const client = testClient(`127.0.0.1:${port}`);
  const topic = uniqueName("topic");
  const startCluster = (name: string) => startBroker({ port, data: `${folder.path}/${name}` });
  const fill = async (values: string[]) => {
    await ensureTopics(client, { [topic]: 1 });
    await publish(client, topic, 0, values);
  };

  const prepared = await startCluster("other");
  await fill(["A", "B", "C", "D", "E"]);
  await prepared[Symbol.asyncDispose]();
  const first = await startCluster("first");
  await fill(["a", "b", "c"]);

  const offsets = new Map<string, number>();
  const values: string[] = [];
  await using consumer = testConsumer(client, topic, 1, {
    startOffset: (clusterId) => offsets.get(clusterId),
    async onBatch({ records, nextOffset }, clusterId) {
      values.push(...records.map(({ value }) => String(value)));
      offsets.set(clusterId, nextOffset);
    },
  });
  consumer.start();
  await waitFor(() => values.length === 3, { what: "the first cluster's records" });

  // At once, so that its next fetch is the first that the consumer asks of the other cluster.
  await first[Symbol.asyncDispose]();
  await using _other = await startCluster("other");
  await waitFor(() => values.includes("E"), { what: "the other cluster's records" });
  expect(values).toEqual(["a", "b", "c", "A", "B", "C", "D", "E"]);
  expect([...offsets.values()]).toEqual([3, 5]);
});

import { expect, test } from "bun:test";
import { uniqueName, waitFor } from "@order-outbox/testing";
import { createTopic, publish, testClient, testConsumer } from "./test-kafka.ts";

const kafkaHost = process.env.KAFKA_HOST;

test.skipIf(kafkaHost === undefined)(
  "a foreign transaction that was aborted, or is open, leaves nothing behind that waits",
  async () => {
    const client = testClient(kafkaHost ?? "");
    const topic = await createTopic(client, 1);
    const begin = async () => {
      const producer = client.kafkajs.producer({
        idempotent: true,
        maxInFlightRequests: 1,
        transactionalId: uniqueName("foreign"),
      });
      // The first transaction of a cluster waits for the topic that remembers them.
      await waitFor(() => producer.connect().then(() => true), { what: "a coordinator" });
      return { producer, transaction: await producer.transaction() };
    };
    const send = (foreign: Awaited<ReturnType<typeof begin>>, value: string) =>
      foreign.transaction.send({ topic, messages: [{ value, partition: 0 }] });

    await publish(client, topic, 0, ["a"]);
    const [one, other] = [await begin(), await begin()];
    await send(one, "aborted");
    await send(other, "aborted, too");
    await one.transaction.abort();
    await other.transaction.abort();
    const ends: { nextOffset: number; highWatermark: number }[] = [];
    const values: string[] = [];
    await using consumer = testConsumer(client, topic, 1, {
      async onBatch({ records, nextOffset, highWatermark }) {
        ends.push({ nextOffset, highWatermark });
        values.push(...records.map(({ value }) => String(value)));
      },
    });
    consumer.start();
    // One record, two that were aborted, and their markers.
    await waitFor(() => ends.at(-1)?.nextOffset === 5, { what: "the end of the topic" });
    expect([values, ends.at(-1)?.highWatermark]).toEqual([["a"], 5]);

    const open = await begin();
    await send(open, "not yet");
    await publish(client, topic, 0, ["b"]);
    const committed = await begin();
    expect(ends.at(-1)).toEqual({ nextOffset: 5, highWatermark: 5 });
    await open.transaction.commit();
    await committed.transaction.abort();
    await waitFor(() => values.includes("b"), { what: "what the open one kept back" });
    expect(values).toEqual(["a", "not yet", "b"]);
    for (const { producer } of [one, other, open, committed]) await producer.disconnect();
  },
);

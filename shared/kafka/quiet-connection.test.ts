import { expect, test } from "bun:test";
import { startBroker, startProcess } from "@order-outbox/testing";
import { createTopic, testClient } from "./test-kafka.ts";

// kafkajs 2.2.4 as published checks every connection about once a millisecond, for ever: issue 1751.
test("an idle connection sets no timers", async () => {
  await using broker = await startBroker();
  const topic = await createTopic(testClient(broker.kafkaHost), 1);
  const entry = `${import.meta.dir}/quiet-connection-program.ts`;
  await using child = startProcess([process.execPath, entry, broker.kafkaHost, topic]);
  const counted: unknown = JSON.parse(await child.waitForLine(/^\{/));
  expect(counted).toEqual({
    timers: 0,
    // Published, every connection looks for requests that are overdue every 100 ms.
    intervals: 0,
    heartbeats: 8,
    // One of the producer; the consumer's, of which one is for the coordinator.
    queues: expect.any(Number),
    armed: 0,
  });
  expect(counted).not.toMatchObject({ queues: 0 });
});

import { expect, test } from "bun:test";
import { startBroker, startProcess } from "@order-outbox/testing";
import { createTopic, testClient } from "./test-kafka.ts";

// kafkajs 2.2.4 as published decides by the time of day whether a heartbeat is due.
test("a member whose clock is set back goes on with its heartbeats", async () => {
  await using broker = await startBroker();
  const topic = await createTopic(testClient(broker.kafkaHost), 1);
  const entry = `${import.meta.dir}/clock-set-back-program.ts`;
  await using child = startProcess([process.execPath, entry, broker.kafkaHost, topic]);
  expect(await child.waitForLine(/beating/)).toBe("still beating");
});

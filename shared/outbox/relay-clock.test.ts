import { expect, test } from "bun:test";
import { createTopics } from "@order-outbox/kafka";
import { startBroker, waitFor } from "@order-outbox/testing";
import { judgeOutbox } from "./mod.ts";
import { publishedIds, quickClient, startRelay, tempOutbox } from "./test-outbox.ts";

const HOUR = 3_600_000;
const MINUTE = 60_000;

const cases = [
  { what: "65 minutes ahead", offMs: 65 * MINUTE, words: "65 min ahead of" },
  { what: "400 days ahead", offMs: 400 * 24 * HOUR, words: "400 days ahead of" },
  { what: "65 minutes behind", offMs: -65 * MINUTE, words: "65 min behind" },
];

for (const { what, offMs, words } of cases) {
  test.concurrent(`a clock that is ${what} parks nothing, is told, and is waited for`, async () => {
    await using broker = await startBroker();
    using outbox = tempOutbox();
    const { topic } = outbox;
    const limits = {
      "message.timestamp.after.max.ms": String(HOUR),
      "message.timestamp.before.max.ms": String(HOUR),
    };
    const client = quickClient(broker.kafkaHost);
    await createTopics(client, [{ topic, partitions: 1, configs: limits }]);
    let off = offMs;
    let looked = 0;
    const now = () => {
      looked += 1;
      return Date.now() + off;
    };
    const ids = outbox.append(["a", "b", "c"]);
    await using relay = startRelay(broker.kafkaHost, outbox, 1, {}, { now });
    await waitFor(() => relay.status().waiting, { what: "the reason to be told" });
    const looks = looked + 20;
    await waitFor(() => looked >= looks, { what: "more attempts" });
    expect(relay.status()).toMatchObject({ published: 0, refusals: 0, parked: 0, broker: "up" });
    const untouched = { isPublished: 0, attempts: 0, parkedAt: null, lastError: null };
    for (const row of outbox.rows()) expect(row).toMatchObject(untouched);
    expect(relay.status().waiting).toContain(`clock is ${words} the broker's`);
    expect(relay.lines.filter(({ level }) => level !== "info")).toEqual([
      {
        level: "error",
        fields: { topic, partition: 0, rows: 3, code: "CLOCK_REFUSED" },
        message: expect.stringContaining(`clock is ${words} the broker's`),
      },
    ]);
    const health = judgeOutbox({
      facts: { oldestPendingAt: new Date().toISOString(), parked: 0 },
      relay: { ...relay.status(), pendingForMs: 40_000, brokerForMs: 40_000 },
      silentFor: 0,
      now: Date.now(),
    });
    expect(health).toMatchObject({ ok: false, reason: expect.stringContaining(words) });
    off = 0;
    await relay.drained();
    expect(await publishedIds(broker.kafkaHost, topic)).toEqual([ids]);
    await waitFor(() => relay.status().waiting === null, { what: "the reason to go" });
    expect(relay.lines.at(-1)).toMatchObject({ level: "info", message: "partition goes on" });
  });
}

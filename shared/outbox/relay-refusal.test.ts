import { expect, test } from "bun:test";
import { readTopic, startBroker, waitFor } from "@order-outbox/testing";
import { createOutboxReader, judgeOutbox } from "./mod.ts";
import { expectedIds, keysOf, publishedIds, startRelay, tempOutbox } from "./test-outbox.ts";

const TOO_LARGE = { data: "x".repeat(1_200_000) };

test.concurrent("a record that the broker refuses is parked, its key waits, and all others are published once", async () => {
  await using broker = await startBroker();
  using outbox = tempOutbox();
  const [poisoned = "", ...others] = keysOf(0, 2, 4);
  const elsewhere = keysOf(1, 2, 4);
  outbox.append([poisoned, ...others, ...elsewhere]);
  const [refused] = outbox.append([poisoned], TOO_LARGE);
  const behind = outbox.append([poisoned, poisoned]);
  outbox.append([...others, ...elsewhere, ...others]);
  await using relay = startRelay(broker.kafkaHost, outbox, 2, { refusalsToPark: 3 });

  const waiting = [refused, ...behind];
  const rowsBut = () => outbox.rows().filter(({ id }) => !waiting.includes(id));
  await waitFor(() => rowsBut().every(({ isPublished }) => isPublished === 1), {
    what: "all other rows to be published",
  });
  const [parked, ...later] = outbox.rows().filter(({ id }) => waiting.includes(id));
  expect(parked).toMatchObject({ id: refused, isPublished: 0, attempts: 3, publishedAt: null });
  expect(parked?.parkedAt).toBeString();
  expect(parked?.lastError).toContain("TOO_LARGE");
  const untouched = { isPublished: 0, attempts: 0, parkedAt: null, lastError: null };
  expect(later).toMatchObject([untouched, untouched]);
  expect(rowsBut().some(({ attempts }) => attempts > 0)).toBe(false);
  const expected = expectedIds(rowsBut(), 2);
  expect(await publishedIds(broker.kafkaHost, outbox.topic)).toEqual(expected);
  const parkings = relay.lines.filter(({ message }) => message.includes("event parked"));
  expect(parkings.map(({ fields }) => fields)).toMatchObject([{ outboxId: refused }]);
});

test.if(process.env.PROOF === "full")(
  "of 10,000 rows with one that is refused, 9,999 arrive once each, and health goes on",
  async () => {
    await using broker = await startBroker();
    using outbox = tempOutbox();
    const keys = Array.from({ length: 10_000 }, (_, n) => `order-${n}`);
    outbox.append(keys.slice(0, 5_000));
    const [refused] = outbox.append(["poison"], TOO_LARGE);
    outbox.append(keys.slice(5_000, 9_999));
    await using relay = startRelay(broker.kafkaHost, outbox, 6);
    const { facts } = createOutboxReader(outbox.db);
    await waitFor(async () => (await facts()).oldestPendingAt === null, {
      what: "all rows to be published or parked",
      timeoutMs: 60_000,
    });

    const others = outbox.rows().filter(({ id }) => id !== refused);
    expect(others.every(({ isPublished }) => isPublished === 1)).toBe(true);
    const expected = expectedIds(others, 6);
    expect(await publishedIds(broker.kafkaHost, outbox.topic)).toEqual(expected);
    expect(expected.flat()).toHaveLength(9_999);
    const signs = {
      facts: await facts(),
      relay: { ...relay.status(), pendingForMs: 0 },
      silentFor: 0,
      now: Date.now(),
    };
    expect(judgeOutbox(signs)).toMatchObject({ ok: true, parked: 1 });
  },
);

test.concurrent("a batch that is too large is split, and no record of it is blamed", async () => {
  await using broker = await startBroker();
  using outbox = tempOutbox();
  outbox.append(keysOf(0, 1, 9), { data: "x".repeat(300_000) });
  await using relay = startRelay(broker.kafkaHost, outbox, 1, {
    limits: { rows: 500, bytes: 10_000_000 },
  });
  await relay.drained();
  expect(await publishedIds(broker.kafkaHost, outbox.topic)).toEqual(expectedIds(outbox.rows(), 1));
  expect(outbox.rows().some(({ attempts, lastError }) => attempts > 0 || lastError)).toBe(false);
});

const MARKING_FAILS = `
  CREATE TRIGGER marking_fails BEFORE UPDATE OF isPublished ON outbox
  BEGIN SELECT RAISE(ABORT, 'marking fails'); END`;

test.concurrent("rows that are acknowledged but cannot be marked are marked later, not sent again", async () => {
  await using broker = await startBroker();
  using outbox = tempOutbox();
  outbox.db.run(MARKING_FAILS);
  outbox.append(keysOf(0, 2, 3));
  await using relay = startRelay(broker.kafkaHost, outbox, 2);
  await waitFor(() => relay.status().failures >= 5, { what: "the mark to be tried again" });
  outbox.append(keysOf(1, 2, 3));
  relay.wake();
  expect(relay.status()).toMatchObject({ published: 0, lastError: "cannot write: marking fails" });
  expect(await publishedIds(broker.kafkaHost, outbox.topic)).toEqual([[1, 2, 3]]);
  outbox.db.run("DROP TRIGGER marking_fails");
  await relay.drained();
  expect(await publishedIds(broker.kafkaHost, outbox.topic)).toEqual([
    [1, 2, 3],
    [4, 5, 6],
  ]);
});

test.concurrent("a full disk keeps rows from being marked, not from being published once", async () => {
  await using broker = await startBroker();
  using outbox = tempOutbox();
  const rows = 500;
  outbox.db.transaction(() => outbox.append(keysOf(0, 1, rows))).immediate();
  // Marked rows are longer, and the pages that the rows were written into one by one are full.
  const { page_count } =
    outbox.relayDb.query<{ page_count: number }, []>("PRAGMA page_count").get() ?? {};
  outbox.relayDb.run(`PRAGMA max_page_count = ${page_count}`);
  await using relay = startRelay(broker.kafkaHost, outbox, 1);
  await waitFor(() => relay.status().failures >= 3, { what: "the mark to fail" });
  expect(relay.status().lastError).toContain("full");
  expect(outbox.rows().some(({ isPublished }) => isPublished === 1)).toBe(false);
  outbox.relayDb.run("PRAGMA max_page_count = 1000000");
  await relay.drained();
  expect((await readTopic(broker.kafkaHost, outbox.topic)).length).toBe(rows);
});

test.concurrent("a relay that is stopped while marking fails says so, and its successor sends the rows again", async () => {
  await using broker = await startBroker();
  using outbox = tempOutbox();
  outbox.db.run(MARKING_FAILS);
  outbox.append(keysOf(0, 1, 2));
  const relay = startRelay(broker.kafkaHost, outbox, 1);
  await waitFor(() => relay.status().failures > 0, { what: "the mark to fail" });
  await relay.end();
  expect(relay.lines.at(-1)).toEqual({
    level: "error",
    fields: { rows: 2 },
    message: "could not mark the last rows: cannot write: marking fails",
  });
  outbox.db.run("DROP TRIGGER marking_fails");
  await using successor = startRelay(broker.kafkaHost, outbox, 1);
  await successor.drained();
  expect(await publishedIds(broker.kafkaHost, outbox.topic)).toEqual([[1, 2, 1, 2]]);
});

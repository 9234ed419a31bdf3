import { expect, test } from "bun:test";
import { composeRound, toRecord } from "./round.ts";
import type { PendingRow, RoundLimits } from "./store.ts";

const PARTITIONS = new Map([
  ["t", 2],
  ["u", 1],
]);
const NO_LIMITS = new Map<string, number>();

const row = (id: number, hash: number, { topic = "t", payload = "{}" } = {}): PendingRow => ({
  id,
  eventId: `event-${id}`,
  eventType: "ORDER_CREATED",
  subject: `order-${id}`,
  topic,
  partitionKey: `key-${hash}`,
  keyHash: hash,
  payload,
  createdAt: "2026-01-01T00:00:00.000Z",
  traceparent: null,
});

function compose(
  pending: PendingRow[],
  { rowLimits = NO_LIMITS, rows = 100, bytes = 100_000 } = {},
): Record<string, number[]> {
  const round = composeRound(pending, PARTITIONS, rowLimits, { rows, bytes }, "/test", 5);
  expect(round.rows).toBe(round.parts.reduce((sum, part) => sum + part.rows.length, 0));
  return Object.fromEntries(
    round.parts.map((part) => [`${part.topic}/${part.partition}`, part.rows.map(({ id }) => id)]),
  );
}

test("rows go to the partition of their key, in id order", () => {
  const pending = [row(1, 7), row(2, 4), row(3, 5), row(4, 7), row(5, 7, { topic: "u" })];
  expect(compose(pending)).toEqual({ "t/1": [1, 3, 4], "t/0": [2], "u/0": [5] });
  expect(compose([])).toEqual({});
});

test("a round ends with the first row that does not fit", () => {
  const pending = [row(1, 0), row(2, 1), row(3, 0), row(4, 1)];
  expect(compose(pending, { rows: 3 })).toEqual({ "t/0": [1, 3], "t/1": [2] });
  const wide = (id: number, size: number) => row(id, id, { payload: "x".repeat(size) });
  const bytes = 2_300;
  expect(compose([wide(1, 600), wide(2, 1_600), wide(4, 10)], { bytes })).toEqual({ "t/1": [1] });
  expect(compose([wide(1, 600), wide(2, 400), wide(4, 10)], { bytes })).toEqual({
    "t/1": [1],
    "t/0": [2, 4],
  });
});

test("a row that is larger than a round goes alone", () => {
  const large = row(1, 0, { payload: "x".repeat(5_000) });
  expect(compose([large, row(2, 1)], { bytes: 4_000 })).toEqual({ "t/0": [1] });
});

test("of a partition that is being split only the first rows go, and the others are not held up", () => {
  const pending = [row(1, 0), row(2, 0), row(3, 1), row(4, 0), row(5, 1)];
  const rowLimits = new Map([["t/0", 1]]);
  expect(compose(pending, { rowLimits })).toEqual({ "t/0": [1], "t/1": [3, 5] });
  expect(compose(pending, { rowLimits, rows: 2 })).toEqual({ "t/0": [1], "t/1": [3] });
});

test("a round's bytes are those of its batches, and it is full when something was left out", () => {
  const rows = Array.from({ length: 50 }, (_, id) => row(id, id % 3));
  const of = (limits: RoundLimits) => composeRound(rows, PARTITIONS, NO_LIMITS, limits, "/test", 5);
  const bytes = 5_000;
  const round = of({ rows: 100, bytes });
  const size = round.parts.reduce((sum, { batch }) => sum + batch.size, 0);
  expect(size).toBeWithin(bytes - 400, bytes + 1);
  expect(round.parts.map(({ batch, rows }) => batch.count - rows.length)).toEqual([0, 0]);
  expect([
    round.full,
    of({ rows: 49, bytes: 100_000 }).full,
    of({ rows: 51, bytes: 100_000 }).full,
  ]).toEqual([true, true, false]);
});

test("a record is the event in CloudEvents' binary mode, with the time of publishing", () => {
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const headers = {
    ce_specversion: "1.0",
    ce_id: "event-1",
    ce_type: "ORDER_CREATED",
    ce_source: "/order-service",
    ce_time: "2026-01-01T00:00:00.000Z",
    ce_subject: "order-1",
    ce_sequence: "1",
    "content-type": "application/json",
  };
  const plain = row(1, 0, { payload: '{"n":1}' });
  const record = { key: "key-0", value: '{"n":1}', timestamp: 1_234, headers };
  expect(toRecord(plain, "/order-service", 1_234)).toEqual(record);
  expect(toRecord({ ...plain, traceparent }, "/order-service", 1_234)).toEqual({
    ...record,
    headers: { ...headers, traceparent },
  });
});

import { expect, test } from "bun:test";
import { composeRound } from "./round.ts";
import type { PendingRow } from "./store.ts";

const PARTITIONS = new Map([
  ["t", 2],
  ["u", 1],
]);
const NO_LIMITS = new Map<string, number>();

const row = (id: number, hash: number, { topic = "t", payload = "{}" } = {}): PendingRow => ({
  id,
  eventId: `event-${id}`,
  eventType: "ORDER_CREATED",
  orderId: `order-${id}`,
  topic,
  partitionKey: `key-${hash}`,
  keyHash: hash,
  payload,
  createdAt: "2026-01-01T00:00:00.000Z",
  traceparent: null,
});

function compose(
  pending: PendingRow[],
  { rowLimits = NO_LIMITS, rows = 100, characters = 1_000 } = {},
): Record<string, number[]> {
  const round = composeRound(pending, PARTITIONS, rowLimits, { rows, characters }, "/test", 5);
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
  const wide = (id: number, size: number) => row(id, 0, { payload: "x".repeat(size) });
  expect(compose([wide(1, 600), wide(2, 500), wide(3, 10)])).toEqual({ "t/0": [1] });
  expect(compose([wide(1, 600), wide(2, 400), wide(3, 1)])).toEqual({ "t/0": [1, 2] });
});

test("a row that is larger than a round goes alone", () => {
  const large = row(1, 0, { payload: "x".repeat(5_000) });
  expect(compose([large, row(2, 1)])).toEqual({ "t/0": [1] });
});

test("of a partition that is being split only the first rows go, and the others are not held up", () => {
  const pending = [row(1, 0), row(2, 0), row(3, 1), row(4, 0), row(5, 1)];
  const rowLimits = new Map([["t/0", 1]]);
  expect(compose(pending, { rowLimits })).toEqual({ "t/0": [1], "t/1": [3, 5] });
  expect(compose(pending, { rowLimits, rows: 2 })).toEqual({ "t/0": [1], "t/1": [3] });
});

test("a record is the event in CloudEvents' binary mode, with the time of publishing", () => {
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const pending = [row(1, 0, { payload: '{"n":1}' }), { ...row(2, 0), traceparent }];
  const limits = { rows: 10, characters: 100 };
  const round = composeRound(pending, PARTITIONS, NO_LIMITS, limits, "/order-service", 1_234);
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
  expect(round.parts[0]?.records).toEqual([
    { key: "key-0", value: '{"n":1}', timestamp: 1_234, headers },
    {
      key: "key-0",
      value: "{}",
      timestamp: 1_234,
      headers: {
        ...headers,
        ce_id: "event-2",
        ce_subject: "order-2",
        ce_sequence: "2",
        traceparent,
      },
    },
  ]);
});

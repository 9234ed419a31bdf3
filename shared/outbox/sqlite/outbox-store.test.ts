import { expect, test } from "bun:test";
import { EVENTS } from "@order-outbox/contracts";
import { type OutboxEvent, prepareAppend } from "../mod.ts";
import { tempOutbox } from "../test-outbox.ts";
import { describeOutboxStore } from "../test-outbox-store-contract.ts";
import { openOutboxDatabase } from "./test-sqlite-outbox.ts";

describeOutboxStore("SQLite", openOutboxDatabase);

test("an event is in the outbox if the transaction that causes it is committed, and only then", async () => {
  using outbox = tempOutbox(EVENTS.definitions.ORDER_CREATED.topic);
  const append = prepareAppend(outbox.db, EVENTS);
  const event: OutboxEvent<typeof EVENTS> = {
    eventId: "event-1",
    eventType: "ORDER_CREATED",
    data: { orderId: crypto.randomUUID(), customerId: "customer-1", amount: 1 },
    createdAt: "2026-01-02T03:04:05.678Z",
  };
  const failing = outbox.db.transaction(() => {
    append(event);
    throw new Error("the order is refused");
  });
  expect(() => failing.immediate()).toThrow("refused");
  expect(await outbox.pending()).toEqual([]);
  outbox.db.transaction(() => append(event)).immediate();
  expect(await outbox.pending()).toEqual([1]);
  expect(() => append(event)).toThrow("UNIQUE");
});

test("a read that takes only some of the pending rows leaves nothing open behind", async () => {
  using outbox = tempOutbox();
  outbox.append(["a", "b", "c"]);
  expect(await outbox.pending({ rows: 10, bytes: 1 })).toEqual([1, 2]);
  const checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
  expect(outbox.db.query(checkpoint).get()).toEqual({ busy: 0, log: 0, checkpointed: 0 });
});

import { expect, test } from "bun:test";
import { createCommitQueue } from "@order-outbox/sqlite";
import { createOutboxDesk } from "./desk.ts";
import { type TestOutbox, tempOutbox } from "./test-outbox.ts";

const AT = "2026-01-02T03:04:05.678Z";

function openDesk(outbox: TestOutbox) {
  const woken: string[] = [];
  // The inbox of a service brings it.
  outbox.db.run("CREATE TABLE operator_audit (at TEXT, action TEXT, target TEXT, reason TEXT)");
  const queue = createCommitQueue(outbox.db);
  const desk = createOutboxDesk(
    outbox.db,
    queue,
    () => woken.push("woken"),
    () => Date.parse(AT),
  );
  const pending = () =>
    Array.from(outbox.store.readPending(new Map([[outbox.topic, 2]]), [], 10), ({ id }) => id);
  return { desk, woken, pending };
}

test("a discarded row frees its key's later rows, and wakes the relay", async () => {
  using outbox = tempOutbox();
  const { desk, woken, pending } = openDesk(outbox);
  outbox.append(["a", "a", "b"]);
  outbox.store.chargeRefusal(1, "too large", AT);
  expect(pending()).toEqual([3]);

  await desk.discard(1, "a test order");
  expect([pending(), woken]).toEqual([[2, 3], ["woken"]]);
  expect(await desk.find(1)).toMatchObject({ state: "discarded", discardedAt: AT });
  await expect(desk.discard(1, "again")).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("a redriven row has all its attempts again, and wakes the relay", async () => {
  using outbox = tempOutbox();
  const { desk, woken, pending } = openDesk(outbox);
  outbox.append(["a", "a", "b"]);
  outbox.store.chargeRefusal(1, "too large", null);
  outbox.store.chargeRefusal(1, "too large", AT);
  outbox.store.chargeRefusal(3, "too large", AT);
  expect(pending()).toEqual([]);

  expect(await desk.redrive({ id: 1 })).toEqual([1]);
  expect([pending(), woken]).toEqual([[1, 2], ["woken"]]);
  expect([outbox.store.attemptsOf(1), outbox.store.attemptsOf(3)]).toEqual([0, 1]);
  expect(await desk.redrive({ key: "b" })).toEqual([3]);
});

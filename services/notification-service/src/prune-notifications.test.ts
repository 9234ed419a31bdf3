import { expect, test } from "bun:test";
import { CHANNEL_NAMES, type Channel } from "@order-outbox/outside-world";
import { waitFor } from "@order-outbox/testing";
import { startAgePruner } from "@order-outbox/units";
import { openTestService, orderCreated, paymentSucceeded } from "./test-service.ts";

const DAY = 86_400_000;
const channels = (broken?: string) =>
  CHANNEL_NAMES.map(
    (name): Channel => ({
      name,
      async send() {
        if (name === broken) throw new Error(`${name} is down`);
      },
    }),
  );

/** Prunes what is older than a day, looked at so many days from now. */
async function prune({ store }: ReturnType<typeof openTestService>, daysLater: number) {
  let sweeps = 0;
  const pruner = startAgePruner({
    target: store.prunable,
    keepMs: DAY,
    now: () => Date.now() + daysLater * DAY,
    random() {
      sweeps += 1;
      return 0;
    },
    log: { info() {}, warn() {} },
    everyMs: 1,
    firstMs: 1,
  });
  await waitFor(() => sweeps > 1, { what: "a whole sweep" });
  await pruner.stop();
}

test("the notifications of finished orders go when they are old, and all of an order at once", async () => {
  using service = openTestService(channels());
  const finished = Array.from({ length: 250 }, () => crypto.randomUUID());
  const open = crypto.randomUUID();
  await Promise.all([...finished, open].map((orderId) => service.work(orderCreated(orderId))));
  await Promise.all(finished.map((orderId) => service.work(paymentSucceeded(orderId))));
  await prune(service, 0.9);
  expect(service.notifications()).toHaveLength(251 * 3 + 250 * 3);
  await prune(service, 2);
  expect(service.notifications().map(({ orderId }) => orderId)).toEqual([open, open, open]);
  expect(service.db.query("SELECT total FROM pruned_events").get()).toEqual({ total: 500 });
});

test("what a later attempt asks for stays: an order that is not told of everything, or only just, or is held", async () => {
  using service = openTestService(channels("SMS"));
  const half = crypto.randomUUID();
  const late = crypto.randomUUID();
  const held = crypto.randomUUID();
  const insert = service.db.prepare(
    `INSERT INTO notified_events (orderId, eventId, eventType, emailSentAt, smsSentAt, pushSentAt)
     VALUES (?1, ?1, 'PAYMENT_FAILED', ?2, ?3, ?2)`,
  );
  const longAgo = "2020-01-01T00:00:00.000Z";
  insert.run(half, longAgo, null);
  insert.run(late, longAgo, new Date().toISOString());
  insert.run(held, longAgo, longAgo);
  const hold = service.db.prepare(
    `INSERT INTO held_events (consumer, state, clusterId, topic, partition, "offset", eventKey, headers,
       errorCode, lastError, attempts, heldAt)
     VALUES ('notification-service', 'PARKED', 'c', 't', 0, 0, ?, '{}', 'HANDLER_FAILED', 'down', 10, '2020-01-01')`,
  );
  hold.run(held);
  await prune(service, 0);
  expect(service.notifications()).toHaveLength(8);
  service.db.run("DELETE FROM held_events");
  await prune(service, 0);
  expect(new Set(service.notifications().map(({ orderId }) => orderId))).toEqual(
    new Set([half, late]),
  );
});

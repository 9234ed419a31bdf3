import { expect, test } from "bun:test";
import { closeSync, openSync } from "node:fs";
import { namedPipe } from "@order-outbox/testing";
import { type System, startSystem } from "../mod.ts";
import { expectClean, fullProof, placeOrders, waitUntilSettled } from "./support.ts";

/** Enough lines to fill a pipe. */
const env = { LOG_LEVEL: "debug" };
const SECONDS = fullProof ? 60 : 1;
const RATE = 100;

/** Sends orders at a steady rate; each is answered with 201, or this fails. */
async function placeSteadily(system: System): Promise<number> {
  const placed: Promise<string[]>[] = [];
  for (let tick = 0; tick < SECONDS * 10; tick++) {
    placed.push(placeOrders(system, RATE / 10, RATE / 10));
    await Bun.sleep(100);
  }
  return (await Promise.all(placed)).flat().length;
}

async function stopInOrder({ order, payment, notification }: System) {
  return {
    order: await order.stop(),
    payment: await payment.stop(),
    last: await notification.stop(),
  };
}

test.concurrent("a log that stalls, whose reader is gone or whose disk is full neither stops an order nor the end", async () => {
  using stalled = namedPipe();
  using closed = namedPipe();
  const full = openSync("/dev/full", "w");
  const outputs = {
    "order-service": stalled.writer,
    "payment-service": closed.writer,
    "notification-service": full,
  };
  closed.closeReader();
  await using system = await startSystem({ env, outputs });
  const orders = await placeSteadily(system);
  await waitUntilSettled(system, orders);
  await expectClean(system, orders);
  expect(await stopInOrder(system)).toEqual({ order: 0, payment: 0, last: 0 });
  closeSync(full);
});

import { expect, test } from "bun:test";
import { faultOfStored, type StoredEvent } from "@order-outbox/events";
import { EVENTS } from "./mod.ts";

const orderId = "01a2068e-2405-75a5-a041-188aae457c60";
const data = { orderId, customerId: "customer-1", amount: 5 };
const sound: StoredEvent = {
  eventType: "ORDER_CREATED",
  topic: "order_created",
  subject: orderId,
  partitionKey: orderId,
  payload: JSON.stringify(data),
};

test("a stored event that readers take has no fault", () => {
  expect(faultOfStored(EVENTS, sound)).toBeUndefined();
});

test.each([
  [{ eventType: "ORDER_CREATD" }, "eventType is not in the event map"],
  [{ topic: "payment_processed" }, "topic is not that of its type"],
  [{ payload: "{" }, "Expected object"],
  [{ payload: JSON.stringify({ ...data, amount: 0 }) }, "/amount must be a positive number"],
  [{ subject: "another" }, "subject is not that of its data"],
  [{ partitionKey: "customer-1" }, "partitionKey is not its subject"],
])("a stored event with %j has its fault named", (change, fault) => {
  expect(faultOfStored(EVENTS, { ...sound, ...change })).toContain(fault);
});

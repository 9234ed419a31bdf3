import { expect, test } from "bun:test";
import type { DomainEvent } from "@order-outbox/contracts";
import { messageText, type NotifiedType } from "./message-text.ts";

const metadata = {
  id: "event-1",
  source: "/tests",
  time: "2026-01-01T00:00:00.000Z",
  subject: "order-1",
};
const order = { orderId: "order-1", customerId: "customer-1", amount: 19.9 };

const events: [event: DomainEvent<NotifiedType>, text: string][] = [
  [
    { ...metadata, type: "ORDER_CREATED", data: order },
    "We have received your order order-1 over 19.90.",
  ],
  [
    { ...metadata, type: "PAYMENT_SUCCEEDED", data: { ...order, transactionId: "txn_1" } },
    "We have received your payment for order order-1 over 19.90.",
  ],
  [
    { ...metadata, type: "PAYMENT_FAILED", data: { ...order, reason: "card declined" } },
    "Your payment was declined for order order-1 over 19.90.",
  ],
];

for (const [event, text] of events) {
  test(`a customer reads of ${event.type} in a sentence with the order and its amount`, () => {
    expect(messageText(event)).toBe(text);
  });
}

test("a whole million is written out", () => {
  const data = { ...order, amount: 1_000_000 };
  expect(messageText({ ...metadata, type: "ORDER_CREATED", data })).toEndWith("over 1000000.00.");
});

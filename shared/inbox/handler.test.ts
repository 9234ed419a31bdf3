import { expect, test } from "bun:test";
import { type DomainEventOf, defineEvents } from "@order-outbox/events";
import { Type } from "@sinclair/typebox";
import type { EventHandler, Handlers } from "./mod.ts";

const subject = ({ invoiceId }: { invoiceId: string }) => invoiceId;
const events = defineEvents({
  INVOICE_ISSUED: {
    topic: "invoices",
    subject,
    data: Type.Object({ invoiceId: Type.String(), total: Type.Number() }),
  },
  INVOICE_PAID: { topic: "payments", subject, data: Type.Object({ invoiceId: Type.String() }) },
});
type EventFor<T extends "INVOICE_ISSUED" | "INVOICE_PAID"> = DomainEventOf<typeof events, T>;
type Issued = EventHandler<EventFor<"INVOICE_ISSUED">>;
type Charged = EventHandler<EventFor<"INVOICE_PAID">, { receipt: string }>;
type Takes<Record> = Record extends Handlers<typeof events> ? true : false;

/** The compiler does not take another value for these: `bun run check` is the test. */
const COMPILER: {
  both: Takes<{ INVOICE_ISSUED: Issued; INVOICE_PAID: Charged }>;
  one: Takes<{ INVOICE_ISSUED: Issued }>;
  another: Takes<{ INVOICE_PAID: Issued }>;
} = { both: true, one: true, another: false };

test("the compiler takes handlers under the type that they are for, and under no other", () => {
  expect(Object.values(COMPILER).filter(Boolean)).toHaveLength(2);
});

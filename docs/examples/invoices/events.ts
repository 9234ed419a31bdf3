import { defineEvents } from "@order-outbox/events";
import { Type } from "@sinclair/typebox";

export const Invoice = Type.Object({
  invoiceId: Type.String({ minLength: 1 }),
  customer: Type.String({ minLength: 1 }),
  total: Type.Number({ exclusiveMinimum: 0 }),
});

const subject = (invoice: { invoiceId: string }) => invoice.invoiceId;

export const events = defineEvents({
  INVOICE_ISSUED: { topic: "invoices", writer: "billing", subject, data: Invoice },
});

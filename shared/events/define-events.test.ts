import { expect, test } from "bun:test";
import { Type } from "@sinclair/typebox";
import {
  decodeEvent,
  defineEvents,
  encodeEvent,
  faultOfStored,
  followUpEventId,
  newEventId,
} from "./mod.ts";

const subject = ({ invoiceId }: { invoiceId: string }) => invoiceId;
const Invoice = Type.Object({ invoiceId: Type.String(), total: Type.Number({ minimum: 0 }) });
const events = defineEvents({
  INVOICE_ISSUED: { topic: "invoices", writer: "billing", subject, data: Invoice },
  REMINDER_SENT: { topic: "reminders", subject, data: Type.Object({ invoiceId: Type.String() }) },
});
const issued = {
  ...{ id: newEventId(), type: "INVOICE_ISSUED" as const, source: "/billing", subject: "17" },
  ...{ time: "2026-01-01T00:00:00.000Z", data: { invoiceId: "17", total: 12.5 } },
};

function roundTrip(event: Parameters<typeof encodeEvent>[1]) {
  const { key, value, headers } = encodeEvent(events, event);
  return decodeEvent(events, { key: Buffer.from(key), value: Buffer.from(value), headers });
}

test("an event of one's own map goes over the wire and comes back, typed by its type", () => {
  const decoded = roundTrip(issued);
  if (decoded.kind !== "event" || decoded.event.type !== "INVOICE_ISSUED") throw new Error("?");
  const total: number = decoded.event.data.total;
  expect([total, decoded.event]).toEqual([12.5, issued]);
});

test("what the map does not have is unknown, and what breaks it is refused with every reason", () => {
  const { headers, ...record } = encodeEvent(events, issued);
  const read = (change: object, data: object = issued.data) =>
    decodeEvent(events, {
      key: Buffer.from(record.key),
      value: Buffer.from(JSON.stringify(data)),
      headers: { ...headers, ...change },
    });
  expect(read({ ce_type: "INVOICE_LOST" })).toMatchObject({
    kind: "unknown",
    type: "INVOICE_LOST",
  });
  expect(() => read({ ce_time: "soon", ce_subject: "" })).toThrow(/ce_subject.*ce_time/);
  expect(() => read({}, { invoiceId: "17", total: -1 })).toThrow("/total");
  expect(() => read({}, { invoiceId: "18", total: 1 })).toThrow("is about 18");
  expect(() => encodeEvent(events, { ...issued, subject: "18" })).toThrow("subject");
  expect(() => encodeEvent(events, { ...issued, type: "INVOICE_LOST" })).toThrow("has no");
});

test("a type with a writer is taken from its topic and its source alone, any other from its topic", () => {
  const from = (type: string, source: string, topic: string) =>
    events.isFromOrigin({ type, source }, topic);
  expect(from("INVOICE_ISSUED", "/billing", "invoices")).toBe(true);
  expect(from("INVOICE_ISSUED", "/elsewhere", "invoices")).toBe(false);
  expect(from("INVOICE_ISSUED", "/billing", "reminders")).toBe(false);
  expect(from("REMINDER_SENT", "/anybody", "reminders")).toBe(true);
  expect(from("INVOICE_LOST", "/billing", "invoices")).toBe(false);
});

test("a stored row is judged as a reader would", () => {
  const row = {
    ...{ eventType: "INVOICE_ISSUED", topic: "invoices", subject: "17", partitionKey: "17" },
    payload: JSON.stringify(issued.data),
  };
  expect(faultOfStored(events, row)).toBeUndefined();
  expect(faultOfStored(events, { ...row, topic: "reminders" })).toContain("topic");
  expect(faultOfStored(events, { ...row, payload: "{}" })).toContain("/invoiceId is required");
});

test("an event that follows from another has the same id whenever it is made", () => {
  const first = followUpEventId(issued.id, "REMINDER_SENT");
  expect(followUpEventId(issued.id, "REMINDER_SENT")).toBe(first);
  expect(followUpEventId(issued.id, "OTHER")).not.toBe(first);
});

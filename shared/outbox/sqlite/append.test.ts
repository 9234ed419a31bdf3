import { expect, test } from "bun:test";
import { defineEvents } from "@order-outbox/events";
import { Type } from "@sinclair/typebox";
import { appendStatement, type OutboxEvent, prepareAppend, publish } from "../mod.ts";
import { MAX_PAYLOAD } from "../publish.ts";
import { tempOutbox } from "../test-outbox.ts";

const invoice = {
  invoiceId: Type.String({ pattern: "^INV-" }),
  total: Type.Number({ minimum: 1 }),
};
const EVENTS = defineEvents({
  INVOICE_ISSUED: {
    topic: "invoices",
    subject: ({ invoiceId }) => invoiceId,
    data: Type.Object({ ...invoice, customer: Type.String() }),
  },
  INVOICE_WITHDRAWN: {
    topic: "withdrawals",
    subject: ({ invoiceId }) => invoiceId,
    data: Type.Object({ ...invoice, reason: Type.String({ minLength: 1 }) }),
  },
});

const invoiceId = "INV-1";
const issued = { invoiceId, total: 99.99, customer: "customer-1" };
const withdrawn = { invoiceId, total: 99.99, reason: "a mistake" };
const rest = { eventId: "event-1", createdAt: "2026-01-01T00:00:00.000Z" };

type Accepts<Event> = Event extends OutboxEvent<typeof EVENTS> ? true : false;
type EventOf<Type, Data> = { eventType: Type; data: Data; eventId: string; createdAt: string };
type Issued = { invoiceId: string; total: number; customer: string };
type Withdrawn = { invoiceId: string; total: number; reason: string };

/** The compiler does not take another value for these: `bun run check` is the test. */
const COMPILER: {
  issued: Accepts<EventOf<"INVOICE_ISSUED", Issued>>;
  withdrawn: Accepts<EventOf<"INVOICE_WITHDRAWN", Withdrawn>>;
  misspelt: Accepts<EventOf<"INVOICE_ISUED", Issued>>;
  anyType: Accepts<EventOf<string, Issued>>;
  otherData: Accepts<EventOf<"INVOICE_ISSUED", Withdrawn>>;
  wrongKind: Accepts<EventOf<"INVOICE_ISSUED", Omit<Issued, "total"> & { total: string }>>;
  missing: Accepts<EventOf<"INVOICE_ISSUED", Omit<Issued, "customer">>>;
} = {
  issued: true,
  withdrawn: true,
  misspelt: false,
  anyType: false,
  otherData: false,
  wrongKind: false,
  missing: false,
};

test("the compiler takes events of the event map with data of their type, and no others", () => {
  expect(Object.values(COMPILER).filter(Boolean)).toHaveLength(2);
});

test("topic and key follow from the event", () => {
  using outbox = tempOutbox();
  const append = prepareAppend(outbox.db, EVENTS);
  append({ ...rest, eventType: "INVOICE_WITHDRAWN", data: withdrawn });
  expect(outbox.db.query("SELECT topic, orderId, partitionKey, payload FROM outbox").all()).toEqual(
    [
      {
        topic: "withdrawals",
        orderId: invoiceId,
        partitionKey: invoiceId,
        payload: JSON.stringify(withdrawn),
      },
    ],
  );
});

/** What reaches a running program in spite of the compiler. */
const wrong: [what: string, code: string, event: object][] = [
  ["an unknown type", "EVENT_MALFORMED", { eventType: "INVOICE_ISUED" }],
  ["an inherited name", "EVENT_MALFORMED", { eventType: "toString" }],
  ["a total below one", "EVENT_MALFORMED", { data: { ...issued, total: 0.5 } }],
  ["no customer", "EVENT_MALFORMED", { data: { ...issued, customer: undefined } }],
  ["an id of another kind", "EVENT_MALFORMED", { data: { ...issued, invoiceId: "1" } }],
  [
    "an empty reason",
    "EVENT_MALFORMED",
    { eventType: "INVOICE_WITHDRAWN", data: { ...withdrawn, reason: "" } },
  ],
  [
    "more than a reader takes over",
    "EVENT_TOO_LARGE",
    { data: { ...issued, customer: "x".repeat(MAX_PAYLOAD) } },
  ],
];

test.each(wrong)(
  "an event with %s is refused where it is made, and nothing is stored",
  (_, code, event) => {
    using outbox = tempOutbox();
    const append = prepareAppend(outbox.db, EVENTS);
    const made = {
      ...{ ...rest, eventType: "INVOICE_ISSUED", data: issued },
      ...event,
    } as OutboxEvent<typeof EVENTS>;
    expect(() => outbox.db.transaction(() => append(made)).immediate()).toThrow(
      expect.objectContaining({ code, retryable: false }),
    );
    expect(outbox.rows()).toEqual([]);
    expect(() => publish(EVENTS, made)).toThrow(expect.objectContaining({ code }));
  },
);

test("a statement for another library's transaction puts the same row into the outbox", () => {
  using outbox = tempOutbox();
  const event: OutboxEvent<typeof EVENTS> = { ...rest, eventType: "INVOICE_ISSUED", data: issued };
  prepareAppend(outbox.db, EVENTS)(event);
  const { sql, values } = appendStatement(EVENTS, { ...event, eventId: "event-2" });
  outbox.db.transaction(() => outbox.db.run(sql, values)).immediate();
  const rows = outbox.db.query<Record<string, unknown>, []>("SELECT * FROM outbox").all();
  expect(rows[1]).toEqual({ ...rows[0], id: 2, eventId: "event-2" });
});

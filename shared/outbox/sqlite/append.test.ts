import { expect, test } from "bun:test";
import { appendStatement, type OutboxEvent, prepareAppend, publish } from "../mod.ts";
import { MAX_PAYLOAD } from "../publish.ts";
import { tempOutbox } from "../test-outbox.ts";

const orderId = "01a2068e-2405-75a5-a041-188aae457c60";
const order = { orderId, customerId: "customer-1", amount: 99.99 };
const rest = { eventId: "event-1", createdAt: "2026-01-01T00:00:00.000Z" };

type Accepts<Event> = Event extends OutboxEvent ? true : false;
type EventOf<Type, Data> = { eventType: Type; data: Data; eventId: string; createdAt: string };
type Order = { orderId: string; customerId: string; amount: number };

/** The compiler does not take another value for these: `bun run check` is the test. */
const COMPILER: {
  created: Accepts<EventOf<"ORDER_CREATED", Order>>;
  failed: Accepts<EventOf<"PAYMENT_FAILED", Order & { reason: string }>>;
  misspelt: Accepts<EventOf<"ORDER_CREATD", Order>>;
  anyType: Accepts<EventOf<string, Order>>;
  otherData: Accepts<EventOf<"PAYMENT_SUCCEEDED", Order & { reason: string }>>;
  wrongKind: Accepts<EventOf<"ORDER_CREATED", Omit<Order, "amount"> & { amount: string }>>;
  missing: Accepts<EventOf<"ORDER_CREATED", Omit<Order, "customerId">>>;
} = {
  created: true,
  failed: true,
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
  const data = { ...order, reason: "card declined" };
  prepareAppend(outbox.db)({ ...rest, eventType: "PAYMENT_FAILED", data });
  expect(outbox.db.query("SELECT topic, orderId, partitionKey, payload FROM outbox").all()).toEqual(
    [
      {
        topic: "payment_processed",
        orderId,
        partitionKey: orderId,
        payload: JSON.stringify(data),
      },
    ],
  );
});

/** What reaches a running program in spite of the compiler. */
const wrong: [what: string, code: string, event: object][] = [
  ["an unknown type", "EVENT_MALFORMED", { eventType: "ORDER_CREATD", data: order }],
  ["an inherited name", "EVENT_MALFORMED", { eventType: "toString", data: order }],
  ["a fraction of a cent", "EVENT_MALFORMED", { data: { ...order, amount: 0.001 } }],
  ["no customer", "EVENT_MALFORMED", { data: { ...order, customerId: undefined } }],
  ["no UUID", "EVENT_MALFORMED", { data: { ...order, orderId: "order-1" } }],
  [
    "an empty reason",
    "EVENT_MALFORMED",
    { eventType: "PAYMENT_FAILED", data: { ...order, reason: "" } },
  ],
  [
    "more than a reader takes over",
    "EVENT_TOO_LARGE",
    { eventType: "PAYMENT_FAILED", data: { ...order, reason: "x".repeat(MAX_PAYLOAD) } },
  ],
];

test.each(wrong)(
  "an event with %s is refused where it is made, and nothing is stored",
  (_, code, event) => {
    using outbox = tempOutbox();
    const append = prepareAppend(outbox.db);
    const made = { ...rest, eventType: "ORDER_CREATED", ...event } as OutboxEvent;
    expect(() => outbox.db.transaction(() => append(made)).immediate()).toThrow(
      expect.objectContaining({ code, retryable: false }),
    );
    expect(outbox.rows()).toEqual([]);
    expect(() => publish(made)).toThrow(expect.objectContaining({ code }));
  },
);

test("a statement for another library's transaction puts the same row into the outbox", () => {
  using outbox = tempOutbox();
  const event: OutboxEvent = { ...rest, eventType: "ORDER_CREATED", data: order };
  prepareAppend(outbox.db)(event);
  const { sql, values } = appendStatement({ ...event, eventId: "event-2" });
  outbox.db.transaction(() => outbox.db.run(sql, values)).immediate();
  const rows = outbox.db.query<Record<string, unknown>, []>("SELECT * FROM outbox").all();
  expect(rows[1]).toEqual({ ...rows[0], id: 2, eventId: "event-2" });
});

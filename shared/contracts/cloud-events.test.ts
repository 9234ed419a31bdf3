import { describe, expect, test } from "bun:test";
import { AppError } from "@order-outbox/errors";
import {
  decodeEvent,
  encodeEvent,
  type HeaderValue,
  peekIdentity,
  requireEventData,
  type WireRecord,
} from "@order-outbox/events";
import { type AnyEvent, EVENTS } from "./mod.ts";

const orderId = "01a2068e-2405-75a5-a041-188aae457c60";
const data = { orderId, customerId: "c-1", amount: 99.99 };
const metadata = {
  id: "01a206a4-b961-7544-a16b-ad37f4c233f0",
  source: "/order-service",
  time: "2026-11-23T04:23:08.385Z",
  subject: orderId,
};
const created: AnyEvent = { ...metadata, type: "ORDER_CREATED", data };

/** The record of `event` as a Kafka client hands it over, with some of it changed. */
function record(changes: Partial<WireRecord> = {}, event: AnyEvent = created): WireRecord {
  const { key, value, headers } = encodeEvent(EVENTS, event);
  const bytes = Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)]);
  return {
    key: Buffer.from(key),
    value: Buffer.from(value),
    headers: Object.fromEntries(bytes),
    ...changes,
  };
}

function withHeader(name: string, value: HeaderValue): WireRecord {
  const base = record();
  return { ...base, headers: { ...base.headers, [name]: value } };
}

function withData(changes: object): WireRecord {
  return record({ value: Buffer.from(JSON.stringify({ ...data, ...changes })) });
}

/** What a reader says about a malformed record. */
function complaint(malformed: WireRecord): string {
  try {
    decodeEvent(EVENTS, malformed);
  } catch (error) {
    if (error instanceof AppError && error.code === "EVENT_MALFORMED") return error.message;
    throw error;
  }
  return "accepted";
}

describe("an event on the wire", () => {
  test("is a CloudEvent in Kafka's binary mode", () => {
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    expect(encodeEvent(EVENTS, { ...created, sequence: 7, traceparent })).toEqual({
      key: orderId,
      value: JSON.stringify(data),
      headers: {
        ce_specversion: "1.0",
        ce_id: metadata.id,
        ce_type: "ORDER_CREATED",
        ce_source: "/order-service",
        ce_time: metadata.time,
        ce_subject: orderId,
        ce_sequence: "7",
        "content-type": "application/json",
        traceparent,
      },
    });
    expect(Object.keys(encodeEvent(EVENTS, created).headers)).not.toContain("ce_sequence");
  });

  test("comes back as it was, whatever its type and its Unicode", () => {
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const events: AnyEvent[] = [
      created,
      { ...created, sequence: 0, data: { ...data, customerId: "👩‍👩‍👧 משה علی‌رضا", amount: 0.01 } },
      {
        ...metadata,
        type: "PAYMENT_SUCCEEDED",
        sequence: Number.MAX_SAFE_INTEGER,
        traceparent,
        data: { ...data, transactionId: "tx \ud800 \u0000 \u2028" },
      },
      { ...metadata, type: "PAYMENT_FAILED", data: { ...data, reason: '"declined"\n' } },
    ];
    for (const event of events) {
      expect(decodeEvent(EVENTS, record({}, event))).toEqual({ kind: "event", event });
      const { headers } = encodeEvent(EVENTS, event);
      expect(decodeEvent(EVENTS, record({ headers }, event))).toEqual({ kind: "event", event });
    }
  });

  test("is not written when a reader would refuse it", () => {
    const wrong = { ...created, data: { ...data, amount: 0.001 } };
    expect(() => encodeEvent(EVENTS, wrong)).toThrow("/amount must be a positive number");
    expect(() => encodeEvent(EVENTS, { ...created, subject: "another" })).toThrow("subject");
    expect(() => requireEventData(EVENTS, "PAYMENT_FAILED", data)).toThrow("/reason is required");
  });

  test("is read though it has headers and fields that this version does not know", () => {
    const value = JSON.stringify({ ...data, currency: "EUR" }).replace("{", '{"__proto__":{},');
    const decoded = decodeEvent(EVENTS, {
      ...record({ value: Buffer.from(value) }),
      headers: { ...record().headers, ce_dataschema: "x", "x-hops": ["1", "2"] },
    });
    expect(decoded).toMatchObject({ kind: "event", event: { data: { ...data, currency: "EUR" } } });
  });

  test("is known by its identity alone when its type is unknown", () => {
    const { ce_id, ce_specversion } = record().headers ?? {};
    const headers = { ce_id, ce_specversion, ce_type: "ORDER_SHIPPED" };
    const unknown = { kind: "unknown", id: metadata.id, type: "ORDER_SHIPPED" };
    expect(decodeEvent(EVENTS, { key: null, value: null, headers })).toEqual(unknown as never);
    for (const type of ["toString", "__proto__", "order_created"]) {
      expect(decodeEvent(EVENTS, withHeader("ce_type", type)).kind).toBe("unknown");
    }
  });

  test("keeps its moment when its writer used another offset", () => {
    const decoded = decodeEvent(EVENTS, withHeader("ce_time", "2026-11-23T05:23:08+01:00"));
    expect(decoded).toMatchObject({ event: { time: "2026-11-23T04:23:08.000Z" } });
  });

  test("loses a trace context that is none, and nothing else", () => {
    const zeros = `00-${"0".repeat(32)}-00f067aa0ba902b7-01`;
    for (const traceparent of ["x", zeros, ["a", "b"], Buffer.from([0xff])]) {
      const decoded = decodeEvent(EVENTS, withHeader("traceparent", traceparent));
      expect(decoded).toEqual({ kind: "event", event: created });
    }
  });

  test("is malformed without one of its headers", () => {
    const required = ["specversion", "id", "type", "source", "time", "subject"].map(
      (n) => `ce_${n}`,
    );
    for (const name of [...required, "content-type"]) {
      for (const value of [undefined, "", " ", Buffer.alloc(0), []]) {
        expect(complaint(withHeader(name, value))).toContain(`${name} is missing`);
      }
      expect(complaint(withHeader(name, ["a", "b"]))).toContain(`${name} is repeated`);
      const notUtf8 = Buffer.from([0x61, 0xff]);
      expect(complaint(withHeader(name, notUtf8))).toContain(`${name} is not UTF-8`);
      expect(decodeEvent(EVENTS, withHeader(name, [String(record().headers?.[name])])).kind).toBe(
        "event",
      );
    }
    expect(complaint({ key: null, value: null })).toBe(
      "the record's headers: ce_specversion is missing; ce_id is missing; ce_type is missing; " +
        "ce_source is missing; ce_subject is missing; ce_time is missing; content-type is missing",
    );
  });

  test("is malformed when a header contradicts the format", () => {
    expect(complaint(withHeader("ce_specversion", "0.3"))).toContain("ce_specversion must be 1.0");
    expect(complaint(withHeader("ce_time", "yesterday"))).toContain("ce_time must be a time");
    for (const sequence of ["-1", "1.5", "0x10", "", "9007199254740993", "seven"]) {
      expect(complaint(withHeader("ce_sequence", sequence))).toContain("ce_sequence must be");
    }
    expect(complaint(withHeader("content-type", "application/cloudevents+json"))).toContain(
      "content-type must be application/json",
    );
    expect(
      decodeEvent(EVENTS, withHeader("content-type", "Application/JSON; charset=utf-8")).kind,
    ).toBe("event");
  });

  test("is malformed when a header is longer than it may be, or does not print", () => {
    for (const [name, most] of [
      ["ce_id", 128],
      ["ce_type", 128],
      ["ce_subject", 128],
      ["ce_source", 255],
      ["ce_time", 255],
      ["ce_sequence", 255],
      ["content-type", 255],
    ] as const) {
      for (const long of ["x".repeat(most + 1), Buffer.alloc(800_000, "x")]) {
        const words = complaint(withHeader(name, long));
        expect(words).toContain(`${name} must be at most ${most} printable characters`);
        expect(words.length).toBeLessThan(200);
      }
      const escaping = complaint(withHeader(name, "a\u001b[2J\u202eb"));
      expect(escaping).toContain('begins with "a\\u{1b}[2J\\u{202e}b"');
    }
    expect(decodeEvent(EVENTS, withHeader("ce_id", "é".repeat(128))).kind).toBe("event");
    expect(decodeEvent(EVENTS, withHeader("traceparent", "x".repeat(800_000)))).toEqual({
      kind: "event",
      event: created,
    });
    expect(complaint(record({ key: Buffer.alloc(800_000, "k") })).length).toBeLessThan(200);
  });

  test("is malformed when its value is no JSON text", () => {
    expect(complaint(record({ value: null }))).toContain("value is missing");
    expect(complaint(record({ value: Buffer.from("{") }))).toContain("value is not JSON");
    expect(complaint(record({ value: Buffer.alloc(0) }))).toContain("value is not JSON");
    const latin1 = Buffer.from('{"customerId":"Zo\xeb"}', "latin1");
    expect(complaint(record({ value: latin1 }))).toContain("value is not UTF-8");
  });

  test("is malformed when its data breaks the schema, with every violation named", () => {
    for (const value of ["null", "[]", '"text"', "7"]) {
      expect(complaint(record({ value: Buffer.from(value) }))).toContain("Expected object");
    }
    const message = complaint(withData({ customerId: "\ud800", amount: "99.99" }));
    expect(message).toContain("/customerId must be 1 to 128 printable characters, not blank");
    expect(message).toContain("/amount must be a positive number");
    expect(complaint(withHeader("ce_type", "PAYMENT_SUCCEEDED"))).toContain(
      "/transactionId is required",
    );
  });

  test("is malformed when key, subject and data name different orders", () => {
    const other = "01a2068e-2405-75a5-a041-188aae457c61";
    expect(complaint(record({ key: null }))).toContain("key is missing");
    expect(complaint(record({ key: Buffer.from(other) }))).toContain("key must be");
    expect(complaint(withHeader("ce_subject", other))).toContain("key must be");
    expect(complaint(withData({ orderId: other }))).toContain("data is about");
  });
});

describe("the origin of an event", () => {
  test("is the topic and the source that its type has", () => {
    const paid = { ...created, type: "PAYMENT_FAILED" as const, source: "/payment-service" };
    expect(EVENTS.isFromOrigin(created, "order_created")).toBe(true);
    expect(EVENTS.isFromOrigin(paid, "payment_processed")).toBe(true);
    expect(EVENTS.isFromOrigin(created, "payment_processed")).toBe(false);
    expect(EVENTS.isFromOrigin(paid, "order_created")).toBe(false);
    expect(EVENTS.isFromOrigin({ ...created, source: "/payment-service" }, "order_created")).toBe(
      false,
    );
    expect(EVENTS.isFromOrigin({ ...created, source: "/Order-Service" }, "order_created")).toBe(
      false,
    );
  });
});

describe("a malformed record", () => {
  test("still tells its id, type and source where they are readable", () => {
    const { headers } = record();
    const broken = { key: Buffer.from("k"), value: null, headers };
    const known = { id: metadata.id, type: "ORDER_CREATED", source: "/order-service" };
    expect(peekIdentity(broken)).toEqual(known);
    expect(peekIdentity({ key: null, value: null })).toEqual({});
    expect(
      peekIdentity({ key: Buffer.from([0xff]), value: null, headers: { ce_id: ["a", "b"] } }),
    ).toEqual({});
  });
});

test("a schema stays open to unknown fields, whoever compiles it", () => {
  const open = Object.values(EVENTS.definitions).map(
    ({ data: schema }) => schema.additionalProperties,
  );
  expect(open).toEqual([true, true, true]);
});

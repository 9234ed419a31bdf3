import { describe, expect, test } from "bun:test";
import { describeViolations, Timestamp } from "@order-outbox/events";
import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { TypeCompiler } from "@sinclair/typebox/compiler";
import { Value } from "@sinclair/typebox/value";
import { Elysia } from "elysia";
import { Amount, CustomerId, OrderId } from "./mod.ts";

/** Whether `value` fits, by TypeBox's interpreter and its compiler, which must agree. */
function fits(schema: TSchema, value: unknown): boolean {
  const compiled = TypeCompiler.Compile(schema).Check(value);
  expect(Value.Check(schema, value)).toBe(compiled);
  return compiled;
}

const accepted = (schema: TSchema, values: unknown[]) => values.filter((v) => fits(schema, v));

describe("an amount", () => {
  test("is a positive number up to a million with at most two decimals", () => {
    const good = [99.99, 5, 0.01, 1_000_000, 999_999.99, 0.1, 1.1, 4.35, 1.15, 64.1];
    expect(accepted(Amount, good)).toEqual(good);
    const bad = [0.001, 0, -0, -1, "5", 1_000_000.01, 0.1 + 0.2, 1e-7, 99.999, null, undefined, []];
    expect(accepted(Amount, [...bad, Number.NaN, Infinity, -Infinity, 5n, {}, true])).toEqual([]);
  });

  test("may be every number of cents, as it is read from JSON", () => {
    for (let cents = 1; cents <= 100_000_000; cents += 99_991) {
      const text = `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;
      if (!Value.Check(Amount, JSON.parse(text))) throw new Error(`${text} is refused`);
      if (Value.Check(Amount, JSON.parse(`${text}1`))) throw new Error(`${text}1 is accepted`);
    }
  });

  test("still describes itself with JSON Schema's own keywords", () => {
    expect(JSON.parse(JSON.stringify(Amount))).toMatchObject({
      type: "number",
      minimum: 0.01,
      maximum: 1_000_000,
      multipleOf: 0.01,
    });
  });
});

describe("a customer id", () => {
  const good = [
    "c",
    "customer-42",
    "Zoë O'Neil <z@example.org>",
    " padded ",
    "👩‍👩‍👧‍👦",
    "משה בן־דוד",
    "علی‌رضا",
    "\u200fabc\u200e",
    "日本語",
    "é\u0301",
    "x".repeat(128),
    "😀".repeat(128),
  ];
  const bad = [
    "",
    " ",
    "\u00a0\u3000\u2003",
    "\u200b\u200d\ufeff",
    "\u2060",
    "\u3164",
    "\ufe0f",
    "tab\there",
    "line\n",
    "\u0000",
    "\u007f",
    "\u0085",
    "a\u2028b",
    "abc\u202egnp.exe",
    "\u2066x\u2069",
    "\ud800",
    "a\udc00b",
    "x".repeat(129),
    "😀".repeat(129),
    "x".repeat(100_000),
    7,
    null,
  ];

  test("is 1 to 128 code points of printable text in any script", () => {
    expect(accepted(CustomerId, good)).toEqual(good);
  });

  test("is not blank, invisible, disguised, too long or broken Unicode", () => {
    expect(accepted(CustomerId, bad)).toEqual([]);
  });

  test("is described by its published pattern and length, with lone surrogates left to UTF-8", () => {
    const { pattern, minLength, maxLength } = JSON.parse(JSON.stringify(CustomerId));
    const published = new RegExp(pattern, "u");
    const described = [...good, ...bad].filter(
      (id) =>
        typeof id === "string" &&
        published.test(id) &&
        [...id].length >= minLength &&
        [...id].length <= maxLength,
    );
    expect(described.filter((id) => String(id).isWellFormed())).toEqual(good);
  });
});

test("an order id is a plain UUID and a timestamp a moment that exists", () => {
  const id = "01a2068e-2405-75a5-a041-188aae457c60";
  const ids = [id, id.toUpperCase(), `urn:uuid:${id}`, `${id} `, `{${id}}`, "", "42", 42];
  expect(accepted(OrderId, ids)).toEqual([id, id.toUpperCase()]);
  const times = ["2026-02-28T23:59:59.123Z", "2024-02-29T00:00:00+01:00"];
  const wrong = ["2026-02-28", "2025-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "now", ""];
  expect(accepted(Timestamp, [...times, ...wrong])).toEqual(times);
});

test("violations are listed once per field and in words", () => {
  const schema = Type.Object({ customerId: CustomerId, amount: Amount, orderId: OrderId });
  const errors = Value.Errors(schema, { customerId: "\t", orderId: "42" });
  expect(describeViolations(errors)).toEqual([
    { path: "/amount", message: "is required" },
    { path: "/customerId", message: "must be 1 to 128 printable characters, not blank" },
    { path: "/orderId", message: "must be a UUID" },
  ]);
});

describe("in Elysia's compiled validation", () => {
  const Body = Type.Object({ customerId: CustomerId, amount: Amount });
  const seen: Static<typeof Body>[] = [];
  const app = new Elysia()
    .onError(({ error }) => ("all" in error ? describeViolations(error.all as never) : "other"))
    .post("/orders", ({ body }) => void seen.push(body), { body: Body });

  async function post(body: unknown) {
    const response = await app.handle(
      new Request("http://localhost/orders", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    );
    return { status: response.status, text: await response.text() };
  }

  test("the same values pass, unchanged", async () => {
    for (const amount of [99.99, 5, 0.01, 1_000_000]) {
      const body = { customerId: "😀".repeat(128), amount };
      expect((await post(body)).status).toBe(200);
      expect(seen.pop()).toEqual(body);
    }
  });

  test("the same values fail, with every violation listed", async () => {
    for (const amount of [0.001, 0, -1, "5", 1_000_000.01, null, undefined]) {
      const { status, text } = await post({ customerId: "\u200b", amount });
      expect([amount, status]).toEqual([amount, 422]);
      expect(JSON.parse(text).map((violation: { path: string }) => violation.path)).toEqual([
        "/customerId",
        "/amount",
      ]);
    }
  });
});

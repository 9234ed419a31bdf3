import { expect, test } from "bun:test";
import { encodeHeaders, exampleOf, type JsonSchema, toJsonSchema } from "@order-outbox/events";
import { Kind, Type } from "@sinclair/typebox";
import { Amount, EVENTS, headersOf } from "./mod.ts";

test("a schema is published as plain JSON, without what only the services use", () => {
  const schema = Type.Object(
    {
      amount: Amount,
      state: Type.Union([Type.Literal("A"), Type.Literal("B")], { description: "how it stands" }),
      note: Type.Optional(Type.Union([Type.String({ error: "must be short" }), Type.Null()])),
      more: Type.Record(Type.String(), Type.Object({}, { additionalProperties: true })),
    },
    { additionalProperties: false },
  );
  const published = toJsonSchema(schema, new Map());
  expect(published).toEqual({
    type: "object",
    required: ["amount", "state", "more"],
    properties: {
      amount: JSON.parse(JSON.stringify(Amount)),
      state: { type: "string", enum: ["A", "B"], description: "how it stands" },
      note: { anyOf: [{ type: "string" }, { type: "null" }] },
      more: {
        type: "object",
        patternProperties: {
          "^(.*)$": { type: "object", properties: {}, additionalProperties: true },
        },
      },
    },
  });
  expect(Object.getOwnPropertySymbols((published.properties as JsonSchema).amount)).toEqual([]);
  expect(schema[Kind]).toBe("Object");
});

test("a schema with an id is published once, and referred to", () => {
  const thing = Type.Object({ amount: Amount }, { $id: "Thing" });
  const named = new Map();
  const list = Type.Object({ first: thing, all: Type.Array(thing) });
  const reference = { $ref: "#/components/schemas/Thing" };
  expect(toJsonSchema(list, named)).toMatchObject({
    properties: { first: reference, all: { type: "array", items: reference } },
  });
  expect([...named.keys()]).toEqual(["Thing"]);
  expect(named.get("Thing")).not.toHaveProperty("$id");
});

test("an example is put together from those of the fields", () => {
  const named = Type.String({ examples: ["a", "b"] });
  const nameless = Type.String();
  const schema = Type.Object({
    named,
    kind: Type.Literal("K"),
    limit: Type.Integer({ default: 20 }),
    either: Type.Union([named, Type.Null()]),
    list: Type.Array(named),
    empty: Type.Array(nameless),
    nameless: Type.Optional(nameless),
  });
  expect(exampleOf(schema)).toEqual({
    named: "a",
    kind: "K",
    limit: 20,
    either: "a",
    list: ["a"],
    empty: [],
  });
  expect(exampleOf(Type.Object({ nameless }))).toBeUndefined();
});

test("the headers of every event type are described as they are written", () => {
  for (const type of EVENTS.types) {
    const { properties, required } = headersOf(type);
    const written = encodeHeaders({
      id: "1",
      type,
      source: "/a",
      time: "t",
      subject: "s",
      sequence: 1,
      traceparent: "00",
    });
    expect(Object.keys(properties).sort()).toEqual(Object.keys(written).sort());
    const { ce_sequence: _, traceparent: __, ...always } = written;
    expect(required?.toSorted()).toEqual(Object.keys(always).sort());
  }
});

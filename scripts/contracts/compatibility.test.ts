import { describe, expect, test } from "bun:test";
import { Amount, headersOf, OrderCreatedData } from "@order-outbox/contracts";
import { type JsonSchema, toJsonSchema } from "@order-outbox/events";
import fc from "fast-check";
import { findBreakingChanges, type ReleasedEvent } from "./compatibility.ts";
import { presentEvents } from "./released.ts";

const text = { type: "string", minLength: 2, maxLength: 10, pattern: "^a" };
const data = {
  type: "object",
  additionalProperties: true,
  required: ["id", "amount"],
  properties: {
    id: text,
    amount: { type: "number", minimum: 1, maximum: 9, multipleOf: 0.5 },
    state: { type: "string", enum: ["A", "B"] },
    address: { type: "object", required: ["city"], properties: { city: { type: "string" } } },
    tags: { type: "array", items: text },
  },
} satisfies JsonSchema;

const headers = {
  type: "object",
  required: ["ce_id"],
  properties: { ce_id: { type: "string" }, ce_type: { const: "THING_MADE" } },
} satisfies JsonSchema;

const released: ReleasedEvent = { type: "THING_MADE", topic: "things", headers, data };

/** The released schema, with the fields in `changes` merged into or replacing its own. */
const withFields = (changes: Record<string, object>, required = data.required): ReleasedEvent => ({
  ...released,
  data: { ...data, required, properties: { ...data.properties, ...changes } },
});
const amount = (changes: object) =>
  withFields({ amount: { ...data.properties.amount, ...changes } });
const id = (changes: object) => withFields({ id: { ...text, ...changes } });
const { state: _, ...withoutState } = data.properties;

function problems(...present: ReleasedEvent[]): string[] {
  return findBreakingChanges([released], present).map(({ path, problem }) => `${path}: ${problem}`);
}

const breaking: [what: string, present: ReleasedEvent[], path: string, problem: string][] = [
  ["a removed type", [], "THING_MADE", "is gone"],
  ["a renamed type", [{ ...released, type: "MADE" }], "THING_MADE", "is gone"],
  [
    "a moved type",
    [{ ...released, topic: "others" }],
    "THING_MADE",
    "moved from topic things to others",
  ],
  [
    "a removed optional field",
    [{ ...released, data: { ...data, properties: withoutState } }],
    "THING_MADE/data/state",
    "was removed",
  ],
  [
    "a field that became required",
    [withFields({}, [...data.required, "state"])],
    "THING_MADE/data/state",
    "became required",
  ],
  [
    "a field that became optional",
    [withFields({}, ["id"])],
    "THING_MADE/data/amount",
    "became optional",
  ],
  [
    "a new required field",
    [withFields({ currency: { type: "string" } }, [...data.required, "currency"])],
    "THING_MADE/data/currency",
    "added as required",
  ],
  [
    "another type",
    [amount({ type: "integer" })],
    "THING_MADE/data/amount",
    'type ("number" → "integer")',
  ],
  ["a higher minimum", [amount({ minimum: 2 })], "THING_MADE/data/amount", "was narrowed"],
  ["a lower minimum", [amount({ minimum: 0 })], "THING_MADE/data/amount", "was widened"],
  ["a lower maximum", [amount({ maximum: 8 })], "THING_MADE/data/amount", "was narrowed"],
  ["a higher maximum", [amount({ maximum: 10 })], "THING_MADE/data/amount", "was widened"],
  [
    "no maximum any more",
    [amount({ maximum: undefined })],
    "THING_MADE/data/amount",
    "was widened",
  ],
  ["a new limit", [amount({ exclusiveMaximum: 5 })], "THING_MADE/data/amount", "was narrowed"],
  [
    "finer steps",
    [amount({ multipleOf: 0.25 })],
    "THING_MADE/data/amount",
    "multipleOf (0.5 → 0.25)",
  ],
  ["longer text", [id({ maxLength: 11 })], "THING_MADE/data/id", "was widened"],
  ["shorter text", [id({ minLength: 1 })], "THING_MADE/data/id", "was widened"],
  ["another pattern", [id({ pattern: "^b" })], "THING_MADE/data/id", "pattern"],
  ["a new format", [id({ format: "uuid" })], "THING_MADE/data/id", 'format (none → "uuid")'],
  [
    "another choice",
    [withFields({ state: { type: "string", enum: ["A", "B", "C"] } })],
    "THING_MADE/data/state",
    "was widened",
  ],
  [
    "a choice less",
    [withFields({ state: { type: "string", enum: ["A"] } })],
    "THING_MADE/data/state",
    "was narrowed",
  ],
  [
    "a change within an object",
    [
      withFields({
        address: { type: "object", required: [], properties: { city: { type: "string" } } },
      }),
    ],
    "THING_MADE/data/address/city",
    "became optional",
  ],
  [
    "a change of what a list has",
    [withFields({ tags: { type: "array", items: { ...text, maxLength: 9 } } })],
    "THING_MADE/data/tags/[]",
    "was narrowed",
  ],
  [
    "a closed schema",
    [{ ...released, data: { ...data, additionalProperties: false } }],
    "THING_MADE/data",
    "additionalProperties (true → false)",
  ],
  [
    "a header that became optional",
    [{ ...released, headers: { ...headers, required: [] } }],
    "THING_MADE/headers/ce_id",
    "became optional",
  ],
];

test.each(breaking)("%s breaks readers, and is named", (_what, present, path, problem) => {
  const found = problems(...present);
  expect(found).toHaveLength(1);
  expect(found[0]).toStartWith(`${path}: `);
  expect(found[0]).toContain(problem);
});

describe("readers survive", () => {
  const free: [what: string, present: ReleasedEvent[]][] = [
    ["no change", [released]],
    ["a new type", [released, { ...released, type: "THING_SOLD" }]],
    ["a new optional field", [withFields({ currency: { type: "string" } })]],
    ["other words", [amount({ description: "how much", examples: [5] })]],
    ["another order of what is required", [withFields({}, ["amount", "id"])]],
  ];
  test.each(free)("%s", (_what, present) => {
    expect(problems(...present)).toEqual([]);
  });
});

test("whichever limit moves, the direction is named right", () => {
  const limits = { minimum: -1, minLength: -1, maximum: 1, maxLength: 1 };
  fc.assert(
    fc.property(
      fc.constantFrom(...(Object.keys(limits) as (keyof typeof limits)[])),
      fc.integer({ min: 0, max: 50 }),
      fc.integer({ min: 0, max: 50 }),
      (limit, from, to) => {
        const event = (value: number) => withFields({ id: { type: "string", [limit]: value } });
        const found = findBreakingChanges([event(from)], [event(to)]);
        const wider = Math.sign(to - from) === limits[limit];
        expect(found.map(({ problem }) => /widened|narrowed/.exec(problem)?.[0])).toEqual(
          from === to ? [] : [wider ? "widened" : "narrowed"],
        );
      },
    ),
  );
});

test("every change of a released field is found, wherever it is made", () => {
  const events = presentEvents();
  const places = events.flatMap(({ type, data: schema }) =>
    Object.entries(schema.properties as Record<string, JsonSchema>).flatMap(([name, field]) =>
      Object.keys(field)
        .filter((keyword) => !["description", "examples"].includes(keyword))
        .map((keyword) => ({ type, name, keyword })),
    ),
  );
  for (const { type, name, keyword } of places) {
    const changed = structuredClone(events);
    const schema = changed.find((event) => event.type === type)?.data as typeof data;
    Object.assign(schema.properties[name as "id"], { [keyword]: "changed" });
    const found = findBreakingChanges(events, changed);
    expect(found.map(({ path }) => path)).toEqual([`${type}/data/${name}`]);
  }
  expect(places.length).toBeGreaterThan(30);
});

test("the present schemas are those of the code, without what only TypeBox knows", () => {
  const created = presentEvents().find(({ type }) => type === "ORDER_CREATED");
  expect(created).toEqual({
    type: "ORDER_CREATED",
    topic: "order_created",
    headers: toJsonSchema(headersOf("ORDER_CREATED"), new Map()),
    data: toJsonSchema(OrderCreatedData, new Map()),
  });
  const properties = created?.data.properties as Record<string, unknown>;
  expect(properties.amount).toEqual(JSON.parse(JSON.stringify(Amount)));
});

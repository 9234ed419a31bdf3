import type { JsonSchema } from "@order-outbox/events";

/** What is kept of an event type when it is released. */
export interface ReleasedEvent {
  type: string;
  topic: string;
  headers: JsonSchema;
  data: JsonSchema;
}

/** A change that a reader or a writer of the released schema would not survive. */
export interface BreakingChange {
  /** The event type, the part of it, and the field there: `ORDER_CREATED/data/amount`. */
  path: string;
  problem: string;
}

/** What says nothing about which values are valid. */
const ANNOTATIONS = ["description", "title", "examples", "example", "default", "deprecated"];
const STRUCTURE = ["properties", "required", "items"];
/** Whether more values are valid when the number is greater. */
const LIMITS: Readonly<Record<string, boolean>> = {
  minimum: false,
  exclusiveMinimum: false,
  minLength: false,
  minItems: false,
  minProperties: false,
  maximum: true,
  exclusiveMaximum: true,
  maxLength: true,
  maxItems: true,
  maxProperties: true,
};

const NARROWED = "was narrowed: events that are already in topics and outboxes break it";
const WIDENED = "was widened: readers of the released version refuse the new values";

/**
 * Every breaking change between the released event types and the present ones. Both directions
 * count: topics, outboxes and held events have old events for new readers, and old readers run
 * while a new writer is rolled out. Readers ignore types and fields that they do not know, so new
 * types and new optional fields are free.
 */
export function findBreakingChanges(
  released: readonly ReleasedEvent[],
  present: readonly ReleasedEvent[],
): BreakingChange[] {
  return released.flatMap((before): BreakingChange[] => {
    const { type } = before;
    const after = present.find((event) => event.type === type);
    if (after === undefined) {
      return [{ path: type, problem: "is gone: events of this type are still in topics" }];
    }
    const moved = {
      path: type,
      problem: `moved from topic ${before.topic} to ${after.topic}: the order of its keys is lost`,
    };
    return [
      ...(before.topic === after.topic ? [] : [moved]),
      ...compare(before.headers, after.headers, `${type}/headers`),
      ...compare(before.data, after.data, `${type}/data`),
    ];
  });
}

function compare(before: JsonSchema, after: JsonSchema, path: string): BreakingChange[] {
  return [
    ...compareKeywords(before, after, path),
    ...compareFields(before, after, path),
    ...(before.items && after.items
      ? compare(before.items as JsonSchema, after.items as JsonSchema, `${path}/[]`)
      : []),
  ];
}

function compareFields(before: JsonSchema, after: JsonSchema, path: string): BreakingChange[] {
  const [old, now] = [fieldsOf(before), fieldsOf(after)];
  const kept = Object.keys(old).flatMap((name): BreakingChange[] => {
    const at = `${path}/${name}`;
    const [was, is] = [old[name], now[name]];
    if (was === undefined) return [];
    if (is === undefined) return [{ path: at, problem: "was removed: readers may need it" }];
    return [
      ...compareRequired(was.required, is.required, at),
      ...compare(was.schema, is.schema, at),
    ];
  });
  const added = Object.keys(now)
    .filter((name) => old[name] === undefined && now[name]?.required)
    .map((name) => ({
      path: `${path}/${name}`,
      problem: "was added as required: events that are already in topics lack it; make it optional",
    }));
  return [...kept, ...added];
}

function compareRequired(was: boolean, is: boolean, path: string): BreakingChange[] {
  if (was === is) return [];
  const problem = is
    ? "became required: events that are already in topics may lack it"
    : "became optional: readers of the released version refuse events without it";
  return [{ path, problem }];
}

function compareKeywords(before: JsonSchema, after: JsonSchema, path: string): BreakingChange[] {
  const keywords = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keywords]
    .filter((keyword) => !ANNOTATIONS.includes(keyword) && !STRUCTURE.includes(keyword))
    .filter((keyword) => !Bun.deepEquals(before[keyword], after[keyword]))
    .map((keyword) => ({ path, problem: describe(keyword, before[keyword], after[keyword]) }));
}

function describe(keyword: string, before: unknown, after: unknown): string {
  const change = `${keyword} (${show(before)} → ${show(after)})`;
  const growsWider = LIMITS[keyword];
  if (growsWider !== undefined) {
    if (before === undefined) return `${change} ${NARROWED}`;
    if (after === undefined) return `${change} ${WIDENED}`;
    return `${change} ${Number(after) > Number(before) === growsWider ? WIDENED : NARROWED}`;
  }
  if (keyword === "enum") return `${change} ${describeChoices(before, after)}`;
  return `${change} was changed: old and new disagree on which values are valid`;
}

function describeChoices(before: unknown, after: unknown): string {
  const [old, now] = [before, after].map((values) => (Array.isArray(values) ? values : undefined));
  const gone = old === undefined || old.some((value) => now !== undefined && !now.includes(value));
  return gone ? NARROWED : WIDENED;
}

const show = (value: unknown) => (value === undefined ? "none" : JSON.stringify(value));

function fieldsOf({ properties = {}, required = [] }: JsonSchema) {
  return Object.fromEntries(
    Object.entries(properties as Record<string, JsonSchema>).map(([name, schema]) => [
      name,
      { schema, required: (required as string[]).includes(name) },
    ]),
  ) as Record<string, { schema: JsonSchema; required: boolean }>;
}

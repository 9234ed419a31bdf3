import type { TSchema } from "@sinclair/typebox";

/** A schema in JSON Schema 2020-12, as OpenAPI 3.1 and AsyncAPI 3 have it. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** Schemas under the names by which others refer to them: `components.schemas` of a document. */
export type NamedSchemas = Map<string, JsonSchema>;

const ONE = ["items", "not", "additionalProperties"];
const LISTS = ["anyOf", "oneOf", "allOf"];
const MAPS = ["properties", "patternProperties"];

/**
 * A TypeBox schema as plain JSON. TypeBox's kinds go: what they check beyond the keywords is not
 * published. So do `error`, and `additionalProperties: false`, which Elysia adds for itself although
 * fields that nobody knows are ignored.
 *
 * @param named a schema that has an `$id` is put here under it, and referred to
 */
export function toJsonSchema(schema: TSchema, named: NamedSchemas): JsonSchema {
  const { $id } = schema;
  if ($id === undefined) return convert(schema, named);
  if (!named.has($id)) named.set($id, convert(schema, named));
  return { $ref: `#/components/schemas/${$id}` };
}

function convert(schema: TSchema, named: NamedSchemas): JsonSchema {
  const choices = enumOf(schema);
  if (choices !== undefined) return choices;
  const sub = (value: unknown) => (isSchema(value) ? toJsonSchema(value, named) : value);
  const keywords = Object.entries(schema).flatMap(([keyword, value]): [string, unknown][] => {
    if (keyword === "$id" || keyword === "error") return [];
    if (keyword === "additionalProperties" && value === false) return [];
    if (ONE.includes(keyword)) return [[keyword, sub(value)]];
    if (LISTS.includes(keyword)) return [[keyword, (value as unknown[]).map(sub)]];
    if (MAPS.includes(keyword)) {
      const entries = Object.entries(value as object).map(([name, inner]) => [name, sub(inner)]);
      return [[keyword, Object.fromEntries(entries)]];
    }
    return [[keyword, value]];
  });
  return Object.fromEntries(keywords);
}

/** A union of constants of one type, which JSON Schema says shorter. */
function enumOf({ anyOf, ...rest }: TSchema): JsonSchema | undefined {
  const choices: TSchema[] = anyOf ?? [];
  const [first] = choices;
  const alike = choices.every(
    (choice) => choice.const !== undefined && choice.type === first?.type,
  );
  if (first === undefined || !alike) return undefined;
  const values = choices.map((choice) => choice.const);
  return { ...Object.fromEntries(Object.entries(rest)), type: first.type, enum: values };
}

function isSchema(value: unknown): value is TSchema {
  return typeof value === "object" && value !== null;
}

/**
 * A value that fits the schema, put together from the `examples` in it; `undefined` when there are
 * none where they are needed. Optional fields without one are left out.
 */
export function exampleOf(schema: TSchema): unknown {
  if (Array.isArray(schema.examples)) return schema.examples[0];
  if (schema.const !== undefined) return schema.const;
  if (schema.default !== undefined) return schema.default;
  if (schema.type === "object" && schema.properties) return exampleOfObject(schema);
  if (schema.type === "array") {
    const item = exampleOf(schema.items);
    return item === undefined ? [] : [item];
  }
  const [first] = schema.anyOf ?? [];
  return first === undefined ? undefined : exampleOf(first);
}

function exampleOfObject({ properties, required = [] }: TSchema): unknown {
  const fields = Object.entries(properties as Record<string, TSchema>).map(
    ([name, inner]) => [name, exampleOf(inner)] as const,
  );
  const missing = fields.some(([name, value]) => value === undefined && required.includes(name));
  if (missing) return undefined;
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
}

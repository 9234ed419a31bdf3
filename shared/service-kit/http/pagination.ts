import {
  Kind,
  type Static,
  type TInteger,
  type TSchema,
  Type,
  TypeRegistry,
} from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { invalidInput } from "./problem.ts";

/** The most items that a page may have. */
export const MAX_PAGE_SIZE = 100;

const LIMIT_KIND = "OrderOutbox:PageLimit";

TypeRegistry.Set(LIMIT_KIND, (_schema, value) => {
  const limit = Number(value);
  return /^\d{1,3}$/.test(String(value)) && limit >= 1 && limit <= MAX_PAGE_SIZE;
});

// Typed as what handlers get: Elysia types a transform by what goes in. A kind of its own, because TypeBox's integer takes no text, and Elysia's reports a limit of 0
// without saying where it found it.
const PageLimit = Type.Transform(
  Type.Unsafe<string | number>({
    [Kind]: LIMIT_KIND,
    type: "integer",
    minimum: 1,
    maximum: MAX_PAGE_SIZE,
    default: 20,
    description: "The most items to return.",
    error: `must be a whole number from 1 to ${MAX_PAGE_SIZE}`,
  }),
)
  .Decode(Number)
  .Encode((limit) => limit) as unknown as TInteger;

/** The query parameters of a list; add a list's own filters by spreading its `properties`. */
export const PageQuery = Type.Object({
  limit: PageLimit,
  cursor: Type.Optional(
    Type.String({
      maxLength: 512,
      description: "The nextCursor of the page before; the first page without it.",
    }),
  ),
});

/** One page of a list. */
export interface Page<Item> {
  items: Item[];
  /** Give it as `cursor` to get the next page; `null` after the last one. */
  nextCursor: string | null;
}

/** The schema of a {@link Page} of `item`, for a route's `response`. */
export const pageOf = <Item extends TSchema>(item: Item) =>
  Type.Object({
    items: Type.Array(item),
    nextCursor: Type.Union([Type.String(), Type.Null()]),
  });

/** A position in a list as opaque text: base64url of its JSON. */
export function encodeCursor(position: unknown): string {
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}

/**
 * The position in a cursor; `undefined` when none is given, which stands for the beginning.
 *
 * @throws AppError `INPUT_INVALID` unless it is a cursor of this kind of list
 */
export function decodeCursor<Position extends TSchema>(
  schema: Position,
  cursor: string | undefined,
): Static<Position> | undefined {
  if (cursor === undefined) return undefined;
  try {
    const position: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (Value.Check(schema, position)) return position;
  } catch {}
  throw invalidInput([
    { in: "query", path: "/cursor", message: "must be a nextCursor that this list returned" },
  ]);
}

/**
 * The page in `rows`, which were read with a limit of `limit + 1`: the row beyond the limit only
 * tells that there is a next page. `positionOf` gives what the list is ordered by.
 */
export function toPage<Item>(
  rows: readonly Item[],
  limit: number,
  positionOf: (item: Item) => unknown,
): Page<Item> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { items, nextCursor: more ? encodeCursor(positionOf(last)) : null };
}

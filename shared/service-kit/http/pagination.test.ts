import { expect, test } from "bun:test";
import { AppError } from "@order-outbox/errors";
import { Type } from "@sinclair/typebox";
import { decodeCursor, encodeCursor, toPage } from "./pagination.ts";

const Position = Type.Object({ createdAt: Type.String(), id: Type.String() });

const rows = ["c", "b", "a"].map((id) => ({ id, createdAt: "2026-01-01T00:00:00.000Z" }));

test("a cursor leads to the row after which the next page starts", () => {
  const { items, nextCursor } = toPage(rows, 2, ({ id, createdAt }) => ({ id, createdAt }));
  expect(items.map(({ id }) => id)).toEqual(["c", "b"]);
  expect(decodeCursor(Position, nextCursor ?? "")).toEqual({
    id: "b",
    createdAt: "2026-01-01T00:00:00.000Z",
  });
});

test("the last page has no next cursor, and neither has an empty list", () => {
  expect(toPage(rows, 3, ({ id }) => id).nextCursor).toBeNull();
  expect(toPage([], 3, () => 0)).toEqual({ items: [], nextCursor: null });
});

test("a cursor survives a URL, whatever it holds", () => {
  const position = { createdAt: "é\u{1F600}+/?", id: "x".repeat(50) };
  const cursor = encodeCursor(position);
  expect(cursor).toMatch(/^[\w-]+$/);
  expect(decodeCursor(Position, cursor)).toEqual(position);
  expect(decodeCursor(Position, undefined)).toBeUndefined();
});

test.each(["", "x", "%%%", encodeCursor(null), encodeCursor({ id: "a" }), encodeCursor([])])(
  "the cursor %p is refused by name",
  (cursor) => {
    try {
      decodeCursor(Position, cursor);
      throw new Error("it was accepted");
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      expect(error.code).toBe("INPUT_INVALID");
      expect(error.details.errors).toMatchObject([{ in: "query", path: "/cursor" }]);
    }
  },
);

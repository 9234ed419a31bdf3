import { expect, test } from "bun:test";
import { followUpEventId, newEventId } from "./mod.ts";

test("fresh ids are version 7 UUIDs and rise with time", () => {
  const ids = Array.from({ length: 1000 }, newEventId);
  expect(new Set(ids).size).toBe(1000);
  expect(ids.every((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-7/.test(id))).toBe(true);
  expect(ids.toSorted()).toEqual(ids);
});

test("a follow-up's id depends on its cause and type, and on nothing else, for ever", () => {
  const cause = "01a2068e-2405-75a5-a041-188aae457c60";
  expect(followUpEventId(cause, "PAYMENT_SUCCEEDED")).toBe("63a35447-813f-5b1f-8d9c-d9bad6932de5");
  expect(followUpEventId(cause, "PAYMENT_FAILED")).not.toBe("63a35447-813f-5b1f-8d9c-d9bad6932de5");
  expect(followUpEventId(newEventId(), "PAYMENT_SUCCEEDED")).not.toBe(
    "63a35447-813f-5b1f-8d9c-d9bad6932de5",
  );
});

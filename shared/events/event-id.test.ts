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
  const id = followUpEventId(cause, "PAYMENT_SUCCEEDED");
  expect(id).toBe("01a2068e-2405-85a5-8d9c-d9bad6932de5");
  expect(followUpEventId(cause, "PAYMENT_FAILED")).not.toBe(id);
  expect(followUpEventId(newEventId(), "PAYMENT_SUCCEEDED")).not.toBe(id);
  expect(followUpEventId(id, "EMAIL")).toBe("01a2068e-2405-85a5-b353-a440763a5650");
});

test("follow-ups sort as their causes do, and follow-ups of follow-ups, too", () => {
  const causes = Array.from({ length: 1000 }, newEventId);
  const results = causes.map((id) => followUpEventId(id, "PAYMENT_FAILED"));
  for (const ids of [results, results.map((id) => followUpEventId(id, "EMAIL"))]) {
    expect(new Set(ids).size).toBe(1000);
    expect(ids.toSorted()).toEqual(ids);
  }
});

test("the follow-up of an id without a time is a plain version 5 UUID", () => {
  expect(followUpEventId("a-foreign-id", "EMAIL")).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5/);
});

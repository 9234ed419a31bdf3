import { expect, test } from "bun:test";
import { isAppError } from "@order-outbox/errors";
import { ownIdentity } from "./member-identity.ts";
import { createOccupancy } from "./occupancy.ts";

/** Looks at a group again and again; gives what each look said. */
function looks(script: readonly { at: number; others: string[] }[]): string[] {
  let now = 0;
  const occupancy = createOccupancy("payments", 30_000, () => now);
  return script.map(({ at, others }) => {
    now = at;
    const neighbours = { otherDatabases: others, deadPredecessors: [], rebalancing: false };
    try {
      occupancy.requireFree(ownIdentity("mine"), neighbours);
      return "free";
    } catch (error) {
      if (!isAppError(error, "GROUP_OCCUPIED")) throw error;
      return `${error.message.includes("a moment ago") ? "was" : "is"} ${error.details.otherDatabases}`;
    }
  });
}

test("a group that nobody was seen in is free at once", () => {
  expect(looks([{ at: 0, others: [] }])).toEqual(["free"]);
});

test("a group that another database left is free when nothing of it was seen for a while", () => {
  const script = [
    { at: 0, others: ["a"] },
    { at: 5_000, others: [] },
    { at: 29_999, others: ["b"] },
    { at: 30_001, others: [] },
    { at: 59_998, others: [] },
    { at: 59_999, others: [] },
  ];
  expect(looks(script)).toEqual(["is a", "was a", "is b", "was b", "was b", "free"]);
});

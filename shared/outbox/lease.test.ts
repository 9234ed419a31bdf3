import { expect, test } from "bun:test";
import { type LeaseHolder, type LeaseRow, mayTake } from "./lease.ts";

const holder = (owner: string, pid = 1): LeaseHolder => ({ owner, host: "here", pid });
const row = (owner: string, pid: number, expiresAt: number, host = "here"): LeaseRow => ({
  owner,
  host,
  pid,
  fencing: 1,
  expiresAt,
});

test("a lease is taken when it is free, over, one's own or a dead worker's, wherever that was", () => {
  const own = holder("b", 2);
  const cases: [what: string, taken: boolean, expected: boolean][] = [
    ["free", mayTake(undefined, own, false, false), true],
    ["own", mayTake(row("b", 2, 20), own, false, false), true],
    ["given back", mayTake(row("a", 1, 0), own, false, false), true],
    ["over", mayTake(row("a", 1, 11), own, true, false), true],
    ["another's", mayTake(row("a", 1, 11), own, false, false), false],
    ["a dead one's", mayTake(row("a", 1, 11), own, false, true), true],
    ["a dead one's of another host", mayTake(row("a", 1, 11, "there"), own, false, true), true],
    ["a living one's with the same pid", mayTake(row("a", 2, 11), own, false, false), false],
  ];
  for (const [what, taken, expected] of cases) expect([what, taken]).toEqual([what, expected]);
});

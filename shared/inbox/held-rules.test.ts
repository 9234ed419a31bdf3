import { expect, test } from "bun:test";
import { AppError } from "@order-outbox/errors";
import type { HeldState } from "@order-outbox/operator";
import { decideArrival, decideFailure, isDue, pickNext } from "./held-rules.ts";

const passing = new AppError("HANDLER_FAILED", "not now", { retryable: true });
const lasting = new AppError("HANDLER_FAILED", "never");
const policy = { attempts: 3, baseMs: 100, capMs: 1_000 };
const NOW = "2026-01-01T00:00:10.000Z";

const held = (id: number, state: HeldState, nextAttemptAt: string | null = null) => ({
  id,
  state,
  nextAttemptAt,
});
const ready = () => true;
const unready = () => false;
const due = (nextAttemptAt: string) => isDue(nextAttemptAt, NOW, "2026-01-01T00:00:40.000Z");

test("an event runs unless one of its key stands before it", () => {
  expect(decideArrival([], true)).toBe("RUN");
  expect(decideArrival([], false)).toBe("WAITING");
  expect(decideArrival(["WAITING"], true)).toBe("RUN");
  expect(decideArrival(["WAITING"], false)).toBe("WAITING");
  for (const state of ["RETRYING", "PARKED", "BEHIND"] as const) {
    expect(decideArrival(["WAITING", state], true)).toBe("BEHIND");
  }
});

test("a failure that may pass is tried again later each time, and parked in the end", () => {
  expect(decideFailure(passing, 1, policy, 0.5)).toEqual({ state: "RETRYING", delayMs: 75 });
  expect(decideFailure(passing, 2, policy, 0.5)).toEqual({ state: "RETRYING", delayMs: 150 });
  expect(decideFailure(passing, 3, policy, 0.5)).toEqual({ state: "PARKED" });
  expect(decideFailure(lasting, 1, policy, 0.5)).toEqual({ state: "PARKED" });
});

test("of a key's held events the first runs when it may, and holds back the others when not", async () => {
  const cases: [what: string, events: ReturnType<typeof held>[], expected: number | undefined][] = [
    ["nothing held", [], undefined],
    ["a retry that is due", [held(1, "RETRYING", NOW), held(2, "BEHIND")], 1],
    ["a retry that is not due", [held(1, "RETRYING", "2026-01-01T00:00:11.000Z")], undefined],
    [
      "a retry as far as any is planned",
      [held(1, "RETRYING", "2026-01-01T00:00:40.000Z")],
      undefined,
    ],
    [
      "a retry planned by a clock that was ahead",
      [held(1, "RETRYING", "2027-02-05T00:00:00.000Z")],
      1,
    ],
    [
      "one behind a retry that is not due",
      [held(1, "RETRYING", "2026-01-01T00:00:11.000Z"), held(2, "BEHIND")],
      undefined,
    ],
    ["a parked one", [held(1, "PARKED"), held(2, "BEHIND")], undefined],
    ["one whose first is gone", [held(2, "BEHIND"), held(3, "BEHIND")], 2],
  ];
  for (const [what, events, expected] of cases) {
    const next = await pickNext(events, due, ready);
    expect([what, next?.id]).toEqual([what, expected]);
  }
});

test("events that wait for a predecessor do not hold back the one that it may be", async () => {
  const events = [held(1, "WAITING"), held(2, "BEHIND")];
  const onlySecond = async ({ id }: { id: number }) => id === 2;
  expect(await pickNext(events, due, onlySecond)).toMatchObject({ id: 2 });
  expect(await pickNext(events, due, ready)).toMatchObject({ id: 1 });
  expect(await pickNext(events, due, unready)).toBeUndefined();
});

test("an event that waits does not overtake its predecessor that has failed, ready as it may seem", async () => {
  const later = "2026-01-01T00:00:11.000Z";
  const waiting = held(1, "WAITING");
  expect(await pickNext([waiting, held(2, "RETRYING", later)], due, ready)).toBeUndefined();
  expect(await pickNext([waiting, held(2, "RETRYING", NOW)], due, ready)).toMatchObject({ id: 2 });
  expect(await pickNext([waiting, held(2, "PARKED")], due, ready)).toBeUndefined();
  expect(await pickNext([waiting, held(2, "PARKED")], due, ready, true)).toMatchObject({ id: 2 });
});

test("an operator's redrive tries a parked event, but none that stands behind it", async () => {
  const events = [held(1, "PARKED"), held(2, "BEHIND"), held(3, "PARKED")];
  expect(await pickNext(events, due, ready, true)).toMatchObject({ id: 1 });
});

import { expect, test } from "bun:test";
import { type InboxStatus, judgeInbox } from "./mod.ts";

const JOINED = { state: "joined", assigned: [], stopped: [] } as const;

const status = (facts: Partial<InboxStatus>): InboxStatus => ({
  ownLag: facts.lag ?? 0,
  consumer: { ...JOINED, assigned: [], stopped: [] },
  inFlight: 0,
  lag: 0,
  lags: [],
  lastProgressAt: 1_700_000_000_000,
  sinceProgressMs: 0,
  held: {},
  processed: 0,
  duplicates: 0,
  skipped: 0,
  unknown: 0,
  retries: 0,
  parked: 0,
  ...facts,
});

const cases: [what: string, facts: Partial<InboxStatus>, reason: RegExp | undefined][] = [
  ["at rest, however long", { sinceProgressMs: 3_600_000 }, undefined],
  ["that has read nothing yet", { lastProgressAt: null, sinceProgressMs: null }, undefined],
  ["that works its lag off", { lag: 5, sinceProgressMs: 30_000 }, undefined],
  ["whose lag does not move", { lag: 5, sinceProgressMs: 30_001 }, /^5 records wait/],
  [
    "whose lag is another member's to work off",
    { lag: 5, ownLag: 0, sinceProgressMs: 3_600_000 },
    undefined,
  ],
  [
    "without a broker",
    {
      consumer: { ...JOINED, state: "down", assigned: [], stopped: [], reason: "refused" },
      lag: 5,
      sinceProgressMs: 3_600_000,
    },
    undefined,
  ],
  [
    "whose group works for another database",
    { consumer: { state: "refused", reason: "occupied", assigned: [], stopped: [] } },
    /^occupied$/,
  ],
  [
    "with a stopped partition",
    {
      consumer: {
        state: "joined",
        assigned: [],
        stopped: [
          {
            topic: "order_created",
            partition: 3,
            offset: 17,
            code: "BATCH_UNREADABLE",
            reason: "a batch cannot be read",
          },
        ],
      },
    },
    /order_created\/3 at 17: a batch cannot be read/,
  ],
  ["with parked events", { held: { PARKED: 2, BEHIND: 1 } }, undefined],
];

for (const [what, facts, reason] of cases) {
  test(`an inbox ${what} is ${reason ? "failing" : "fine"}`, () => {
    const verdict = judgeInbox(status(facts));
    expect(verdict.ok).toBe(reason === undefined);
    if (reason === undefined) expect(verdict.reason).toBeUndefined();
    else expect(verdict.reason).toMatch(reason);
  });
}

test("the verdict shows consumer, lag and what is held", () => {
  const facts = { lag: 3, inFlight: 2, held: { PARKED: 2, BEHIND: 1 } };
  expect(judgeInbox(status(facts))).toEqual({
    ok: true,
    consumer: "joined",
    lastError: null,
    lag: 3,
    inFlight: 2,
    parked: 2,
    held: { PARKED: 2, BEHIND: 1 },
  });
});

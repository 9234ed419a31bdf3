import { expect, test } from "bun:test";
import { judgeOutbox, type OutboxSigns, type RelayStatus } from "./mod.ts";

const NOW = Date.parse("2026-01-01T00:10:00.000Z");
const ago = (seconds: number) => NOW - seconds * 1_000;

interface Case {
  what: string;
  /** Age of the oldest pending row, in seconds. */
  pending?: number;
  relay?: Partial<RelayStatus> | null;
  silentFor?: number;
  reason?: string;
}

const CASES: Case[] = [
  { what: "nothing waits" },
  { what: "nothing waits, and nothing was ever acknowledged", relay: { lastAckAt: null } },
  { what: "rows wait a short time", pending: 29 },
  {
    what: "rows wait long, but others are acknowledged",
    pending: 600,
    relay: { lastAckAt: ago(29) },
  },
  {
    what: "rows wait and nothing is acknowledged",
    pending: 31,
    relay: { lastAckAt: ago(31) },
    reason: "events wait although the broker answers: nothing was acknowledged",
  },
  {
    what: "rows wait and nothing was ever acknowledged, for a known reason",
    pending: 31,
    relay: { lastAckAt: null, lastError: "disk full" },
    reason: "events wait although the broker answers: disk full",
  },
  {
    what: "rows wait for a broker that is down",
    pending: 6_000,
    relay: { broker: "down", lastAckAt: ago(6_000) },
  },
  { what: "rows wait for a broker not yet met", pending: 60, relay: { broker: "unknown" } },
  { what: "rows wait for a worker that has just started", pending: 60, relay: null },
  { what: "the worker was silent for a moment", silentFor: 10_000 },
  {
    what: "the worker is silent",
    silentFor: 12_345,
    reason: "the outbox worker gave no sign of life for 12 s",
  },
  {
    what: "the worker is silent, whatever it said last of the broker",
    silentFor: 60_000,
    relay: { broker: "down" },
    reason: "the outbox worker gave no sign of life for 60 s",
  },
  { what: "the clock was set back", pending: -60, relay: { lastAckAt: ago(-60) } },
];

const signs = ({ pending, relay = {}, silentFor = 0 }: Case): OutboxSigns => ({
  facts: {
    oldestPendingAt: pending === undefined ? null : new Date(ago(pending)).toISOString(),
    parked: 2,
  },
  relay:
    relay === null
      ? undefined
      : {
          standby: false,
          holdsLease: true,
          broker: "up",
          published: 7,
          lastAckAt: ago(300),
          failures: 0,
          failedAttempts: 0,
          refusals: 0,
          parked: 0,
          lastError: null,
          ...relay,
        },
  silentFor,
  now: NOW,
});

for (const one of CASES) {
  test(`an outbox is ${one.reason === undefined ? "well" : "not well"} when ${one.what}`, () => {
    expect(judgeOutbox(signs(one))).toEqual({
      ok: one.reason === undefined,
      ...(one.reason === undefined ? {} : { reason: one.reason }),
      oldestPendingMs: Math.max(0, (one.pending ?? 0) * 1_000),
      parked: 2,
      published: one.relay === null ? 0 : 7,
      failures: 0,
      standby: false,
      lastError: one.relay?.lastError ?? null,
    });
  });
}

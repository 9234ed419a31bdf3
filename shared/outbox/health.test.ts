import { expect, test } from "bun:test";
import { judgeOutbox, type OutboxSigns, type RelayStatus } from "./mod.ts";

const NOW = Date.parse("2026-01-01T00:10:00.000Z");
const ago = (seconds: number) => NOW - seconds * 1_000;

interface Case {
  what: string;
  /** Age of the oldest pending row, in seconds. */
  pending?: number;
  /** What the clock was set by since, in seconds. */
  clockSet?: number;
  relay?: Partial<RelayStatus> | null;
  silentFor?: number;
  reason?: string;
}

const CASES: Case[] = [
  { what: "nothing waits" },
  { what: "nothing waits, and nothing was ever acknowledged", relay: { sinceAckMs: null } },
  { what: "rows wait a short time", pending: 29 },
  {
    what: "rows wait long, but others are acknowledged",
    pending: 600,
    relay: { sinceAckMs: 29_000 },
  },
  {
    what: "rows wait and nothing is acknowledged",
    pending: 31,
    relay: { sinceAckMs: 31_000 },
    reason: "events wait although the broker answers: nothing was acknowledged",
  },
  {
    what: "rows wait and nothing was ever acknowledged, for a known reason",
    pending: 31,
    relay: { sinceAckMs: null, lastError: "disk full" },
    reason: "events wait although the broker answers: disk full",
  },
  {
    what: "rows wait for a broker that is down",
    pending: 6_000,
    relay: { broker: "down", sinceAckMs: 6_000_000 },
  },
  {
    what: "rows waited for a broker that has just come back",
    pending: 6_000,
    relay: { sinceAckMs: 6_000_000, brokerForMs: 1_000 },
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
  { what: "the clock was set forwards", pending: 1, clockSet: 3_900 },
  {
    what: "rows wait, whatever the clock was set back by",
    pending: 31,
    clockSet: -600,
    relay: { sinceAckMs: null },
    reason: "events wait although the broker answers: nothing was acknowledged",
  },
];

const signs = ({ pending, clockSet = 0, relay = {}, silentFor = 0 }: Case): OutboxSigns => ({
  facts: {
    oldestPendingAt: pending === undefined ? null : new Date(ago(pending + clockSet)).toISOString(),
    parked: 2,
  },
  relay:
    relay === null
      ? undefined
      : {
          standby: false,
          holdsLease: true,
          broker: "up",
          brokerForMs: 3_600_000,
          published: 7,
          sinceAckMs: 300_000,
          pendingForMs: (pending ?? 0) * 1_000,
          failures: 0,
          failedAttempts: 0,
          refusals: 0,
          parked: 0,
          lastError: null,
          waiting: null,
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
      oldestPendingMs: Math.max(0, (one.pending ?? 0) + (one.clockSet ?? 0)) * 1_000,
      parked: 2,
      published: one.relay === null ? 0 : 7,
      failures: 0,
      standby: false,
      lastError: one.relay?.lastError ?? null,
    });
  });
}

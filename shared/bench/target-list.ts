import { E2E_TABLE, SUSTAINED } from "./e2e.ts";
import { IDLE_TABLE } from "./idle.ts";
import { INTAKE_TABLE } from "./intake.ts";
import { LATENCY_TABLE } from "./latency.ts";
import { GROWTH_TABLE, MOST_TO_NONE } from "./outbox-growth.ts";
import { RELAY_TABLE } from "./relay.ts";
import { SERVICE_NAMES } from "./services.ts";
import { START_TABLE, WHOLE } from "./start.ts";
import type { Target } from "./targets.ts";

/** What the figures are to reach. */
export const TARGETS: readonly Target[] = [
  {
    part: "intake",
    table: INTAKE_TABLE,
    row: "relay off, 64 connections",
    column: "% of ceiling",
    name: "intake at 64 connections, % of the ceiling",
    target: { atLeast: 80 },
    stretch: { atLeast: 95 },
  },
  {
    part: "intake",
    table: INTAKE_TABLE,
    row: "relay off, 64 connections",
    column: "p99 ms",
    name: "intake at 64 connections, p99 in ms",
    target: { atMost: 30 },
  },
  {
    part: "intake",
    table: INTAKE_TABLE,
    row: "relay draining, 64 connections",
    column: "% of ceiling",
    name: "the same with the relay draining, % of the ceiling",
    target: { atLeast: 50 },
  },
  {
    part: "relay",
    table: RELAY_TABLE,
    row: "the relay, % of stock kafkajs alone",
    column: "%",
    name: "relay drain, % of stock kafkajs alone",
    target: { atLeast: 80 },
    stretch: { atLeast: 100 },
  },
  {
    part: "relay",
    table: RELAY_TABLE,
    row: "the relay",
    column: "events/s",
    name: "relay drain, events/s",
    target: { atLeast: 10_000 },
    stretch: { atLeast: 40_000 },
  },
  {
    part: "latency",
    table: LATENCY_TABLE,
    row: "to the consumer, less bare kafkajs, at 20 orders/s",
    column: "p50 ms",
    name: "201 to consumer at 20 orders/s, p50 in ms over bare send to consumer",
    target: { atMost: 1 },
  },
  {
    part: "latency",
    table: LATENCY_TABLE,
    row: "to the consumer, at 20 orders/s",
    column: "p50 ms",
    name: "201 to consumer at 20 orders/s, p50 in ms",
    stretch: { atMost: 3 },
  },
  {
    part: "latency",
    table: LATENCY_TABLE,
    row: "to the consumer, at 20 orders/s",
    column: "p99 ms",
    name: "201 to consumer at 20 orders/s, p99 in ms",
    target: { atMost: 25 },
    stretch: { atMost: 10 },
  },
  {
    part: "latency",
    table: LATENCY_TABLE,
    row: "to final (PAID), at 20 orders/s",
    column: "p50 ms",
    name: "201 to PAID at 20 orders/s, p50 in ms",
    target: { atMost: 25 },
    stretch: { atMost: 10 },
  },
  {
    part: "latency",
    table: LATENCY_TABLE,
    row: "to final (PAID), at 20 orders/s",
    column: "p99 ms",
    name: "201 to PAID at 20 orders/s, p99 in ms",
    target: { atMost: 100 },
    stretch: { atMost: 40 },
  },
  {
    part: "e2e",
    table: E2E_TABLE,
    row: SUSTAINED,
    column: "orders/s",
    name: "end to end, orders/s sustained for a minute",
    target: { atLeast: 3_000 },
    stretch: { atLeast: 5_000 },
  },
  ...SERVICE_NAMES.flatMap((row): Target[] => [
    {
      ...{ part: "idle", table: IDLE_TABLE, row, column: "CPU %" },
      name: `idle, ${row}, CPU %`,
      target: { atMost: 2 },
      stretch: { atMost: 1 },
    },
    {
      ...{ part: "idle", table: IDLE_TABLE, row, column: "queries/s" },
      name: `idle, ${row}, queries/s`,
      target: { atMost: 1 },
    },
    {
      ...{ part: "idle", table: IDLE_TABLE, row, column: "MiB after the start" },
      name: `idle, ${row}, MiB`,
      target: { atMost: 90 },
      stretch: { atMost: 75 },
    },
  ]),
  {
    part: "start",
    table: START_TABLE,
    row: WHOLE,
    column: "ms",
    name: "whole system to the first 201, ms",
    target: { atMost: 1_500 },
    stretch: { atMost: 1_000 },
  },
  ...["orders/s taken", "events/s published"].map(
    (column): Target => ({
      ...{ part: "growth", table: GROWTH_TABLE, row: MOST_TO_NONE, column },
      name: `growth: ${column} with 5,000,000 published rows, % of none`,
      target: { atLeast: 90 },
      stretch: { atLeast: 100 },
    }),
  ),
];

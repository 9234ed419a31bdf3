import type { Percentiles } from "./stats.ts";

/** What a load generator is told. */
export interface LoadPlan {
  /** On 127.0.0.1. */
  port: number;
  connections: number;
  /** Not counted, before the rest. */
  warmupSeconds: number;
  /** How long is measured; with `count`, the longest that it may take. */
  seconds: number;
  /** Orders per second on a fixed schedule; each connection sends its next at once otherwise. */
  rate?: number;
  /** Ends after so many orders. */
  count?: number;
  /** Whether each order carries an Idempotency-Key. */
  keys?: boolean;
  /** A file for the id of each measured order and the time of its 201, as JSON. */
  record?: string;
}

/** An order that is answered later has not been taken in time, in milliseconds. */
export const IN_TIME_MS = 1_000;

/** What a load generator saw. */
export interface LoadResult {
  /** Orders that were answered 201, in all. */
  accepted: number;
  /** Those of them that took no longer than {@link IN_TIME_MS}. */
  inTime: number;
  /** Other answers by status, in all. */
  refused: Record<string, number>;
  /** Orders answered 201 in the measured time, a second. */
  rate: number;
  /** The measured time. */
  seconds: number;
  /** From the sending, or on a schedule from the due time, to the 201; milliseconds. */
  latency: Percentiles;
  /** The generator's own use of the processor in the measured time; 1 is a core. */
  cpu: number;
  cpuSeconds: number;
}

/** The id of an order, and when its 201 was read: milliseconds since the epoch. */
export type RecordedOrder = [orderId: string, at: number];

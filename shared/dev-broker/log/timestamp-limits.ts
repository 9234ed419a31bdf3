import type { BatchHeader } from "./record-batch.ts";

/** How far a batch's time may be from the broker's, in milliseconds. */
export interface TimestampLimits {
  readonly beforeMs: number;
  readonly afterMs: number;
}

/**
 * What Kafka says of a record whose time is out of range; undefined when it is not.
 *
 * @param now milliseconds since the epoch
 */
export function timestampProblem(
  { baseTimestamp, maxTimestamp }: Pick<BatchHeader, "baseTimestamp" | "maxTimestamp">,
  { beforeMs, afterMs }: TimestampLimits,
  now: number,
): string | undefined {
  const [earliest, latest] = [now - beforeMs, now + afterMs];
  const wrong = [maxTimestamp, baseTimestamp].find(
    (timestamp) => timestamp >= 0 && (timestamp < earliest || timestamp > latest),
  );
  if (wrong === undefined) return undefined;
  return `Timestamp ${wrong} of message with offset 0 is out of range. The timestamp should be within [${earliest}, ${latest}]`;
}

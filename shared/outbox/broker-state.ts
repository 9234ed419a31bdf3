import type { ErrorCode } from "@order-outbox/errors";

const OUT_OF_REACH: readonly ErrorCode[] = [
  "BROKER_UNAVAILABLE",
  "BROKER_AUTH_FAILED",
  "BROKER_TLS_FAILED",
];

/** What only a broker that answers can tell. */
const TOLD_BY_BROKER: readonly ErrorCode[] = [
  "TOPIC_MISSING",
  "PARTITIONS_CHANGED",
  "BROKER_MISCONFIGURED",
  "BROKER_MISUSED",
];

/** What a failure says of the broker; undefined: nothing. */
export function brokerStateAfter(code: ErrorCode): "up" | "down" | undefined {
  if (OUT_OF_REACH.includes(code)) return "down";
  return TOLD_BY_BROKER.includes(code) ? "up" : undefined;
}

import type { AppError } from "@order-outbox/errors";
import type { EventOf } from "@order-outbox/events";
import type { ConsumedRecord } from "@order-outbox/kafka";

/** An event that is about to be worked on. */
export interface Delivery {
  event: EventOf;
  record: ConsumedRecord;
  /** 1 for the first attempt at it. */
  attempt: number;
  /** Whether it came or was tried before: an attempt failed, or it is known already. */
  repeated: boolean;
}

/** Work on an event that is being followed. */
export interface FollowedWork {
  /** The W3C trace context for what the work leads to. */
  traceparent: string;
  end(outcome: "applied" | "duplicate" | "failed" | "abandoned", error?: AppError): void;
}

/** Follows the work on each event, from its first call to the outside world to its commit. */
export type FollowEvent = (delivery: Delivery) => FollowedWork;

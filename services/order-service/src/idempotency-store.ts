import { defineEffect, type Prunable } from "@order-outbox/units";

/** What a key was used for, and what was answered. Times are ISO 8601, UTC. */
export interface IdempotencyRecord {
  key: string;
  requestHash: string;
  orderId: string;
  /** JSON. */
  response: string;
  createdAt: string;
}

/** What can be read of the keys that requests were made with. */
export interface IdempotencyStore {
  /** A key that was used before `notBefore`, or right then, counts as never used. */
  find(key: string, notBefore: string): Promise<IdempotencyRecord | undefined>;
  /** All of them, to be forgotten when they are expired. */
  readonly prunable: Prunable;
}

/** A key's first use; what an expired one was used for is replaced. */
export interface KeyUse extends IdempotencyRecord {
  notBefore: string;
}

/** Notes what a key is used for. One that is known refuses, with what it was used for. */
export const rememberKey = defineEffect<KeyUse, IdempotencyRecord>("idempotency key", {
  keysOf: ({ key }) => [`key ${key}`],
});

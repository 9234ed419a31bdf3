import { AppError, type Clock, isAppError } from "@order-outbox/errors";
import { type CreateOrderDeps, insertOrder, type NewOrder } from "./create-order.ts";
import { hashOf } from "./idempotency-key.ts";
import type { IdempotencyStore } from "./idempotency-store.ts";
import { answerTo, type OrderAnswer } from "./order-answer.ts";

export interface CreateOrderOnceDeps extends CreateOrderDeps {
  keys: IdempotencyStore;
  /** How long a key is remembered, in milliseconds. */
  keyRetentionMs: number;
  /**
   * By which keys grow old: a clock that is set forwards makes none forgotten before a restart,
   * because its retry would be another order; one that is set back keeps keys longer.
   */
  keyClock: Clock;
}

export interface OnceAnswer {
  answer: OrderAnswer;
  /** It was given before. */
  replayed: boolean;
}

/**
 * Accepts an order unless `key` was used already: then the stored answer is given again. Order,
 * event, key and answer are one transaction. Transactions come one after the other, so of requests
 * that arrive together one makes the order and the others find it.
 *
 * @throws AppError `IDEMPOTENCY_KEY_REUSED` when the key was used for another order
 */
export async function createOrderOnce(
  deps: CreateOrderOnceDeps,
  order: NewOrder,
  key: string,
  traceparent?: string,
): Promise<OnceAnswer> {
  const { keys, queue } = deps;
  const requestHash = hashOf(order);

  function replay(): OnceAnswer | undefined {
    const notBefore = new Date(deps.keyClock() - deps.keyRetentionMs).toISOString();
    const known = keys.find(key, notBefore);
    if (known === undefined) return undefined;
    if (known.requestHash !== requestHash) {
      throw new AppError(
        "IDEMPOTENCY_KEY_REUSED",
        "This Idempotency-Key stands for another request; use a new key for a new order.",
      );
    }
    return { answer: JSON.parse(known.response) as OrderAnswer, replayed: true };
  }

  function accept(): OnceAnswer {
    const accepted = insertOrder(deps, order, traceparent);
    const answer = answerTo(accepted);
    const response = JSON.stringify(answer);
    const { id: orderId, createdAt } = accepted;
    keys.put({ key, requestHash, orderId, response, createdAt });
    return { answer, replayed: false };
  }

  try {
    return await queue.run(() => replay() ?? accept(), traceparent);
  } catch (error) {
    // No room or no time for a transaction is no reason to refuse an order that is stored; in a file
    // that is gone it is not.
    const passing = isAppError(error) && error.retryable && error.code !== "STORAGE_LOST";
    const known = passing ? replay() : undefined;
    if (known === undefined) throw error;
    return known;
  }
}

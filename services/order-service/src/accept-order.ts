import { AppError, type Clock, isAppError } from "@order-outbox/errors";
import type { Effect, Units } from "@order-outbox/units";
import { createOrder, type NewOrder, type Sources } from "./create-order.ts";
import { hashOf } from "./idempotency-key.ts";
import { type IdempotencyRecord, type IdempotencyStore, rememberKey } from "./idempotency-store.ts";
import { answerTo, type OrderAnswer } from "./order-answer.ts";

export interface AcceptOrderDeps {
  units: Units;
  sources: Sources;
  keys: Pick<IdempotencyStore, "find">;
  /** How long a key is remembered, in milliseconds. */
  keyRetentionMs: number;
  /**
   * By which keys grow old: a clock that is set forwards makes none forgotten before a restart,
   * because its retry would be another order; one that is set back keeps keys longer.
   */
  keyClock: Clock;
}

/** What a request comes with, beside its order. */
export interface RequestContext {
  /** The request's Idempotency-Key. */
  key?: string | undefined;
  /** W3C trace context. */
  traceparent?: string | undefined;
}

export interface Acceptance {
  answer: OrderAnswer;
  /** It was given before. */
  replayed: boolean;
}

/**
 * Accepts an order, and resolves when order and event are on the disk. With a key that was used
 * before, the stored answer is given again; order, event, key and answer are one unit, so of requests
 * that arrive together one makes the order and the others find it.
 *
 * @throws AppError `IDEMPOTENCY_KEY_REUSED` when the key was used for another order
 */
export async function acceptOrder(
  deps: AcceptOrderDeps,
  order: NewOrder,
  { key, traceparent }: RequestContext,
): Promise<Acceptance> {
  const { units, sources, keys } = deps;
  const requestHash = key === undefined ? "" : hashOf(order);
  const notBefore =
    key === undefined ? "" : new Date(deps.keyClock() - deps.keyRetentionMs).toISOString();

  const decision = createOrder(order, sources, traceparent);
  const answer = answerTo(decision.answer);
  const effects: Effect[] = [...decision.effects];
  if (key !== undefined) {
    const { id: orderId, createdAt } = decision.answer;
    const response = JSON.stringify(answer);
    effects.unshift(rememberKey({ key, requestHash, orderId, response, createdAt, notBefore }));
  }
  try {
    const result = await units.commit({ effects }, traceparent);
    if (result.committed) return { answer, replayed: false };
    return replay(result.refusal.found as IdempotencyRecord, requestHash);
  } catch (error) {
    // No room or no time for a transaction is no reason to refuse an order that is stored; in a file
    // that is gone it is not.
    const passing = isAppError(error) && error.retryable && error.code !== "STORAGE_LOST";
    const known = passing && key !== undefined ? await keys.find(key, notBefore) : undefined;
    if (known === undefined) throw error;
    return replay(known, requestHash);
  }
}

/** Gives a stored answer again. */
function replay(known: IdempotencyRecord, requestHash: string): Acceptance {
  if (known.requestHash !== requestHash) {
    throw new AppError(
      "IDEMPOTENCY_KEY_REUSED",
      "This Idempotency-Key stands for another request; use a new key for a new order.",
    );
  }
  return { answer: JSON.parse(known.response) as OrderAnswer, replayed: true };
}

import type { AppError } from "@order-outbox/errors";

/** A request to charge a customer. */
export interface ChargeRequest {
  /** The same key never charges twice: one order, one charge. */
  idempotencyKey: string;
  orderId: string;
  customerId: string;
  amount: number;
  /** The event that asks for it, which the provider keeps with the charge. */
  eventId: string;
  /** W3C trace context to pass on. */
  traceparent?: string | undefined;
}

/** What the provider did, the same for every call with one key. */
export type ChargeResult = { transactionId: string } & (
  | { outcome: "ACCEPTED" }
  | { outcome: "DECLINED"; reason: string }
);

/** The key of an order's one charge. */
export const chargeKey = (orderId: string): string => `order:${orderId}:charge`;

/** The world's side of a payment. */
export interface PaymentProvider {
  /** @throws AppError `IDEMPOTENCY_KEY_REUSED` when the key's first request was another one */
  charge(request: ChargeRequest): Promise<ChargeResult>;
  /** How long a charge may take, in milliseconds. */
  readonly limitMs: number;
  /** What its file is called. */
  readonly file: "ledger";
  /** Why nothing can be charged now, as far as that is known. */
  trouble(): AppError | undefined;
  close(): Promise<void>;
}

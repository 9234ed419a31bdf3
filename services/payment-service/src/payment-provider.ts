import { createHash } from "node:crypto";
import { openLedger } from "@order-outbox/sqlite";

/** A request to charge a customer. */
export interface ChargeRequest {
  /** The same key never charges twice. */
  idempotencyKey: string;
  orderId: string;
  customerId: string;
  amount: number;
  /** W3C trace context to pass on. */
  traceparent?: string | undefined;
}

/** What the provider did, the same for every call with one key. */
export type ChargeResult = { transactionId: string } & (
  | { outcome: "ACCEPTED" }
  | { outcome: "DECLINED"; reason: string }
);

/** The world's side of a payment. */
export interface PaymentProvider {
  charge(request: ChargeRequest): Promise<ChargeResult>;
  close(): Promise<void>;
}

export interface SimulatedProviderOptions {
  ledgerPath: string;
  /** The share of charges that is accepted, 0 to 1. */
  successRate: number;
  /** Milliseconds that a charge takes. */
  latencyMs: number;
  seed: string;
  /** Milliseconds since the epoch. */
  now(): number;
}

/**
 * A provider that keeps a ledger of its own, as a real one would: it outlives every database of
 * this system, and says what customers were really charged.
 */
export function openSimulatedProvider(options: SimulatedProviderOptions): PaymentProvider {
  const { ledgerPath, successRate, latencyMs, seed, now } = options;
  const ledger = openLedger(ledgerPath, now);
  return {
    async charge({ idempotencyKey, traceparent: _, ...request }) {
      if (latencyMs > 0) await Bun.sleep(latencyMs);
      const result = decideCharge(idempotencyKey, seed, successRate);
      const recorded = await ledger.record(idempotencyKey, { ...request, result });
      return recorded.result;
    },
    close: ledger.close,
  };
}

/** Outcome and transaction id as a pure function of key and seed, so that runs can be repeated. */
export function decideCharge(
  idempotencyKey: string,
  seed: string,
  successRate: number,
): ChargeResult {
  const digest = createHash("sha256").update(`${seed}\n${idempotencyKey}`).digest();
  const transactionId = `txn_${digest.toString("hex", 8, 24)}`;
  const dice = digest.readUInt32BE(0) / 2 ** 32;
  return dice < successRate
    ? { outcome: "ACCEPTED", transactionId }
    : { outcome: "DECLINED", transactionId, reason: "card declined" };
}

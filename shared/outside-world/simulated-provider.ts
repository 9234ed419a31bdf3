import { createHash } from "node:crypto";
import { AppError } from "@order-outbox/errors";
import { openLedger } from "./ledger.ts";
import type { ChargeRequest, ChargeResult, PaymentProvider } from "./payment-provider.ts";

/** What a provider may take beyond its latency before something is wrong with it. */
const ANSWER_MS = 30_000;

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

/** A charge as the ledger has it. Before keys were the orders', the key was the event's id. */
interface RecordedCharge extends Omit<ChargeRequest, "idempotencyKey" | "eventId"> {
  eventId?: string;
  result: ChargeResult;
}

/** `chargeKey` of what was charged under an event's id. */
const PRESENT_KEY = "'order:' || (entry ->> '$.orderId') || ':charge'";

/**
 * A provider that keeps a ledger of its own, as a real one would: it outlives every database of
 * this system, and says what customers were really charged.
 */
export function openSimulatedProvider(options: SimulatedProviderOptions): PaymentProvider {
  const { ledgerPath, successRate, latencyMs, seed, now } = options;
  const ledger = openLedger(ledgerPath, now, PRESENT_KEY);
  return {
    async charge({ idempotencyKey, traceparent: _, ...request }) {
      if (latencyMs > 0) await Bun.sleep(latencyMs);
      const result = decideCharge(idempotencyKey, seed, successRate);
      const standing = await ledger.record<RecordedCharge>(idempotencyKey, { ...request, result });
      requireSame(standing.entry, standing.key, request);
      return standing.entry.result;
    },
    limitMs: latencyMs + ANSWER_MS,
    file: "ledger",
    trouble: ledger.trouble,
    close: ledger.close,
  };
}

function requireSame(
  recorded: RecordedCharge,
  recordedKey: string,
  request: Omit<ChargeRequest, "idempotencyKey">,
): void {
  const { orderId, customerId, amount, eventId = recordedKey } = recorded;
  const first = { orderId, customerId, amount, eventId };
  const differing = Object.entries(first).filter(
    ([name, value]) => request[name as keyof typeof first] !== value,
  );
  if (differing.length === 0) return;
  const names = differing.map(([name]) => name).join(", ");
  throw new AppError(
    "IDEMPOTENCY_KEY_REUSED",
    `the charge of order ${orderId} stands with another ${names}`,
  );
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

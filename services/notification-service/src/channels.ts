import { type Ledger, openLedger } from "@order-outbox/sqlite";

/** A message to a customer. */
export interface Message {
  /** The same key never sends twice. */
  idempotencyKey: string;
  orderId: string;
  customerId: string;
  text: string;
  /** W3C trace context to pass on. */
  traceparent?: string | undefined;
}

export const CHANNEL_NAMES = ["EMAIL", "SMS", "PUSH"] as const;
export type ChannelName = (typeof CHANNEL_NAMES)[number];

/** A way to reach a customer. */
export interface Channel {
  readonly name: ChannelName;
  send(message: Message): Promise<void>;
}

/** The world's side of notifications. */
export interface Channels {
  readonly all: readonly Channel[];
  close(): Promise<void>;
}

/**
 * Channels that send nothing but keep a ledger of their own, as a real provider would: it outlives
 * the service's database, and says what customers were really sent.
 *
 * @param now milliseconds since the epoch
 */
export function openSimulatedChannels(ledgerPath: string, now: () => number): Channels {
  const ledger = openLedger(ledgerPath, now);
  return {
    all: CHANNEL_NAMES.map((name) => simulatedChannel(name, ledger)),
    close: ledger.close,
  };
}

function simulatedChannel(name: ChannelName, ledger: Ledger): Channel {
  return {
    name,
    async send({ idempotencyKey, orderId, customerId, text }) {
      await ledger.record(idempotencyKey, { channel: name, orderId, customerId, text });
    },
  };
}

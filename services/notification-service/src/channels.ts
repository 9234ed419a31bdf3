import { AppError } from "@order-outbox/errors";
import { type Ledger, openLedger } from "@order-outbox/sqlite";
import type { NotificationKind } from "./message-text.ts";

/** A message to a customer. */
export interface Message {
  /** The same key never sends twice: one order, one message of a kind on each channel. */
  idempotencyKey: string;
  orderId: string;
  customerId: string;
  text: string;
  /** The event that it tells of, which the channel keeps with the message. */
  eventId: string;
  /** W3C trace context to pass on. */
  traceparent?: string | undefined;
}

export const CHANNEL_NAMES = ["EMAIL", "SMS", "PUSH"] as const;
export type ChannelName = (typeof CHANNEL_NAMES)[number];

/** A way to reach a customer. */
export interface Channel {
  readonly name: ChannelName;
  /** @throws AppError `IDEMPOTENCY_KEY_REUSED` when the key's first message was another one */
  send(message: Message): Promise<void>;
}

/** The key of an order's one message of a kind on a channel. */
export const messageKey = (orderId: string, kind: NotificationKind, channel: ChannelName): string =>
  `order:${orderId}:${kind}/${channel}`;

/** A message as the ledger has it. Before keys were the orders', they were `EVENT_ID/CHANNEL`. */
interface RecordedMessage extends Omit<Message, "idempotencyKey" | "eventId"> {
  eventId?: string;
  channel: ChannelName;
}

/** `messageKey` of what was sent under an event's id: the texts tell the kinds. */
const PRESENT_KEY = `'order:' || (entry ->> '$.orderId') || ':' || CASE
    WHEN entry ->> '$.text' LIKE 'We have received your order %' THEN 'created' ELSE 'payment' END
  || '/' || (entry ->> '$.channel')`;

/** The world's side of notifications. */
export interface Channels {
  readonly all: readonly Channel[];
  /** What their file is called. */
  readonly file: "ledger";
  /** Why nothing can be sent now, as far as that is known. */
  trouble(): AppError | undefined;
  close(): Promise<void>;
}

/**
 * Channels that send nothing but keep a ledger of their own, as a real provider would: it outlives
 * the service's database, and says what customers were really sent.
 *
 * @param now milliseconds since the epoch
 */
export function openSimulatedChannels(ledgerPath: string, now: () => number): Channels {
  const ledger = openLedger(ledgerPath, now, PRESENT_KEY);
  return {
    all: CHANNEL_NAMES.map((name) => simulatedChannel(name, ledger)),
    file: "ledger",
    trouble: ledger.trouble,
    close: ledger.close,
  };
}

function simulatedChannel(name: ChannelName, ledger: Ledger): Channel {
  return {
    name,
    async send({ idempotencyKey, traceparent: _, ...message }) {
      const { key, entry } = await ledger.record<RecordedMessage>(idempotencyKey, {
        channel: name,
        ...message,
      });
      const { eventId = key.slice(0, key.lastIndexOf("/")), customerId, text } = entry;
      const same = customerId === message.customerId && text === message.text;
      if (same && eventId === message.eventId) return;
      throw new AppError(
        "IDEMPOTENCY_KEY_REUSED",
        `the ${name} of order ${message.orderId} was sent for another event or with another text`,
      );
    },
  };
}

import { AppError } from "@order-outbox/errors";
import {
  CHANNEL_NAMES,
  type Channel,
  type ChannelName,
  type Channels,
  type Message,
} from "./channels.ts";
import { type Ledger, openLedger, type Standing } from "./ledger.ts";

/** A message as the ledger has it. Before keys were the orders', they were `EVENT_ID/CHANNEL`. */
interface RecordedMessage extends Omit<Message, "idempotencyKey" | "eventId"> {
  eventId?: string;
  channel: ChannelName;
}

/** `messageKey` of what was sent under an event's id: the texts tell the kinds. */
const PRESENT_KEY = `'order:' || (entry ->> '$.orderId') || ':' || CASE
    WHEN entry ->> '$.text' LIKE 'We have received your order %' THEN 'created' ELSE 'payment' END
  || '/' || (entry ->> '$.channel')`;

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
    async send({ idempotencyKey, orderId, customerId, text, eventId }) {
      const message = { channel: name, orderId, customerId, text, eventId };
      const standing = await ledger.record<RecordedMessage>(idempotencyKey, message);
      if (isSame(standing, message)) return;
      throw new AppError(
        "IDEMPOTENCY_KEY_REUSED",
        `the ${name} of order ${orderId} was sent for another event or with another text`,
      );
    },
  };
}

function isSame({ key, entry }: Standing<RecordedMessage>, message: RecordedMessage): boolean {
  // What was recorded is this very message, as it mostly is.
  if (entry === message) return true;
  const { eventId = key.slice(0, key.lastIndexOf("/")), customerId, text } = entry;
  const same = customerId === message.customerId && text === message.text;
  return same && eventId === message.eventId;
}

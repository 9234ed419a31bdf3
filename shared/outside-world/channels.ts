import type { AppError } from "@order-outbox/errors";

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

/** What a message is about: that an order was accepted, or what its payment came to. */
export type MessageKind = "created" | "payment";

/** The key of an order's one message of a kind on a channel. */
export const messageKey = (orderId: string, kind: MessageKind, channel: ChannelName): string =>
  `order:${orderId}:${kind}/${channel}`;

/** The world's side of notifications. */
export interface Channels {
  readonly all: readonly Channel[];
  /** What their file is called. */
  readonly file: "ledger";
  /** Why nothing can be sent now, as far as that is known. */
  trouble(): AppError | undefined;
  close(): Promise<void>;
}

import type { DomainEvent } from "@order-outbox/contracts";
import { AppError, isAppError, isoTime, isStorageTrouble } from "@order-outbox/errors";
import { traceIdOf } from "@order-outbox/events";
import { type EventHandler, hold } from "@order-outbox/inbox";
import {
  type Channel,
  type ChannelName,
  type Message,
  type MessageKind,
  messageKey,
} from "@order-outbox/outside-world";
import type { Logger } from "@order-outbox/service-kit";
import { KIND_OF, messageText, type NotifiedType } from "./message-text.ts";
import { type NotificationStore, recordSent } from "./notification-store.ts";

export interface NotifyDeps {
  channels: readonly Channel[];
  notifications: Pick<NotificationStore, "findNotified">;
  logger: Logger;
  now(): number;
}

/**
 * Tells the customer about an event on every channel. When some channels fail, what the others have
 * sent is recorded at once, so that trying again does not send it twice. A customer is told once of
 * an order's creation and once of its payment: another event of the kind is refused before anything
 * is sent.
 *
 * @param after what a customer has to hear of first
 */
export function notify<T extends NotifiedType>(
  { channels, notifications, logger, now }: NotifyDeps,
  after?: MessageKind,
): EventHandler<DomainEvent<T>, Sending> {
  return {
    async isReady({ subject }) {
      return (
        after === undefined || (await notifications.findNotified(subject, after)) !== undefined
      );
    },
    async prepare(event) {
      const told = await notifications.findNotified(event.subject, KIND_OF[event.type]);
      if (told !== undefined && told.eventId !== event.id) throw contradiction(event);
      const open = channels.filter(({ name }) => told?.done.includes(name) !== true);
      return send(open, event);
    },
    decide({ subject: orderId, id: eventId, type: eventType }, { sent, failure }) {
      const sentAt = isoTime(now());
      const kind = KIND_OF[eventType];
      const effects =
        sent.length === 0
          ? []
          : [recordSent({ orderId, eventId, eventType, kind, channels: sent, sentAt })];
      return failure === undefined ? effects : hold(failure, effects);
    },
    done({ subject: orderId, id: eventId, type: eventType, traceparent }) {
      const traceId = traceIdOf(traceparent);
      const names = channels.map(({ name }) => name);
      logger.info({ orderId, eventId, traceId, eventType, channels: names }, "notifications sent");
    },
  };
}

/** What became of the messages about an event. */
interface Sending {
  sent: readonly ChannelName[];
  /** Why the others did not send. */
  failure?: AppError;
}

/** Sends on every channel; trouble of a channel's own database is thrown, to be waited out. */
async function send(
  channels: readonly Channel[],
  event: DomainEvent<NotifiedType>,
): Promise<Sending> {
  const text = messageText(event);
  const results = await Promise.allSettled(
    channels.map((channel) => channel.send(toMessage(event, channel.name, text))),
  );
  const sent = channels.filter((_, index) => results[index]?.status === "fulfilled");
  const names = sent.map(({ name }) => name);
  const reasons = results.flatMap((result) =>
    result.status === "rejected" ? [result.reason as unknown] : [],
  );
  if (reasons.length === 0) return { sent: names };
  const refused = reasons.find((reason) => isAppError(reason, "IDEMPOTENCY_KEY_REUSED"));
  if (refused !== undefined) throw contradiction(event, refused);
  const ours = reasons.find(isStorageTrouble);
  if (ours !== undefined) throw ours;
  const failure = new AppError("HANDLER_FAILED", `${reasons.length} channels did not send`, {
    cause: reasons[0],
    retryable: true,
  });
  return { sent: names, failure };
}

function contradiction({ subject, type }: DomainEvent<NotifiedType>, cause?: unknown): AppError {
  const words = `the customer of order ${subject} was told of the ${KIND_OF[type]} by another event`;
  return new AppError("EVENT_CONTRADICTS", words, { cause });
}

function toMessage<T extends NotifiedType>(
  { id: eventId, type, data, traceparent }: DomainEvent<T>,
  channel: ChannelName,
  text: string,
): Message {
  const { orderId, customerId } = data;
  const idempotencyKey = messageKey(orderId, KIND_OF[type], channel);
  return { idempotencyKey, orderId, customerId, text, eventId, traceparent };
}

import { type DomainEvent, traceIdOf } from "@order-outbox/contracts";
import { AppError, isAppError } from "@order-outbox/errors";
import type { EventHandler } from "@order-outbox/inbox";
import type { Logger } from "@order-outbox/service-kit";
import { type CommitQueue, isStorageTrouble } from "@order-outbox/sqlite";
import { type Channel, type ChannelName, type Message, messageKey } from "./channels.ts";
import { KIND_OF, messageText, type NotificationKind, type NotifiedType } from "./message-text.ts";
import type { NotificationStore } from "./notification-store.ts";

export interface NotifyDeps {
  channels: readonly Channel[];
  notifications: NotificationStore;
  queue: CommitQueue;
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
  deps: NotifyDeps,
  after?: NotificationKind,
): EventHandler<T> {
  const { channels, notifications, queue, logger } = deps;
  const names = channels.map(({ name }) => name);

  function record(event: DomainEvent<T>, sent: readonly ChannelName[]): void {
    const { subject: orderId, id: eventId, type: eventType } = event;
    const sentAt = new Date(deps.now()).toISOString();
    const kind = KIND_OF[eventType];
    notifications.record({ orderId, eventId, eventType, kind }, sent, sentAt);
  }

  return {
    isReady: ({ subject }) =>
      after === undefined || notifications.findNotified(subject, after) !== undefined,
    async prepare(event) {
      const told = queue.read(() =>
        notifications.findNotified(event.subject, KIND_OF[event.type as NotifiedType]),
      );
      if (told !== undefined && told.eventId !== event.id) throw contradiction(event);
      const done = told?.done ?? [];
      const open =
        done.length === 0 ? channels : channels.filter(({ name }) => !done.includes(name));
      const text = messageText(event);
      const results = await Promise.allSettled(
        open.map((channel) => channel.send(toMessage(event, channel.name, text))),
      );
      const failed = results.filter((result) => result.status === "rejected");
      if (failed.length === 0) return undefined;
      const refused = failed.find(({ reason }) => isAppError(reason, "IDEMPOTENCY_KEY_REUSED"));
      if (refused !== undefined) throw contradiction(event, refused.reason);
      const sent = open.filter((_, index) => results[index]?.status === "fulfilled");
      if (sent.length > 0) {
        const sentNames = sent.map(({ name }) => name);
        await queue.run(() => record(event, sentNames), event.traceparent);
      }
      const ours = failed.map(({ reason }) => reason).find(isStorageTrouble);
      if (ours !== undefined) throw ours;
      throw new AppError("HANDLER_FAILED", `${failed.length} channels did not send`, {
        cause: failed[0]?.reason,
        retryable: true,
      });
    },
    apply(event) {
      record(event, names);
      const { id: eventId, subject: orderId, type: eventType } = event;
      const traceId = traceIdOf(event.traceparent);
      logger.info({ orderId, eventId, traceId, eventType, channels: names }, "notifications sent");
    },
  };
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

import { type DomainEvent, traceIdOf } from "@order-outbox/contracts";
import { AppError } from "@order-outbox/errors";
import type { EventHandler } from "@order-outbox/inbox";
import type { Logger } from "@order-outbox/service-kit";
import type { CommitQueue } from "@order-outbox/sqlite";
import type { Channel, ChannelName, Message } from "./channels.ts";
import { messageText, type NotifiedType } from "./message-text.ts";
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
 * sent is recorded at once, so that trying again does not send it twice.
 *
 * @param after the type of event that a customer has to hear of first
 */
export function notify<T extends NotifiedType>(
  deps: NotifyDeps,
  after?: NotifiedType,
): EventHandler<T> {
  const { channels, notifications, queue, logger } = deps;
  const names = channels.map(({ name }) => name);

  function record(event: DomainEvent<T>, sent: readonly ChannelName[]): void {
    const { subject: orderId, id: eventId, type: eventType } = event;
    const sentAt = new Date(deps.now()).toISOString();
    notifications.record({ orderId, eventId, eventType }, sent, sentAt);
  }

  return {
    isReady: ({ subject }) => after === undefined || notifications.wasNotified(subject, after),
    async prepare(event) {
      const done = queue.read(() => notifications.channelsDone(event.subject, event.id));
      const open =
        done.length === 0 ? channels : channels.filter(({ name }) => !done.includes(name));
      const text = messageText(event);
      const results = await Promise.allSettled(
        open.map((channel) => channel.send(toMessage(event, channel.name, text))),
      );
      const failed = results.filter((result) => result.status === "rejected");
      if (failed.length === 0) return undefined;
      const sent = open.filter((_, index) => results[index]?.status === "fulfilled");
      if (sent.length > 0) {
        const sentNames = sent.map(({ name }) => name);
        await queue.run(() => record(event, sentNames), event.traceparent);
      }
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

function toMessage<T extends NotifiedType>(
  { id, data, traceparent }: DomainEvent<T>,
  channel: ChannelName,
  text: string,
): Message {
  const { orderId, customerId } = data;
  return { idempotencyKey: `${id}/${channel}`, orderId, customerId, text, traceparent };
}

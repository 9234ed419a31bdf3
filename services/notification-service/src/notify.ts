import { type DomainEvent, followUpEventId, traceIdOf } from "@order-outbox/contracts";
import { AppError } from "@order-outbox/errors";
import type { EventHandler } from "@order-outbox/inbox";
import type { Logger } from "@order-outbox/service-kit";
import type { CommitQueue } from "@order-outbox/sqlite";
import type { Channel, ChannelName } from "./channels.ts";
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

  function record(event: DomainEvent<T>, sent: readonly ChannelName[]): void {
    const createdAt = new Date(deps.now()).toISOString();
    for (const channel of sent) {
      notifications.record({
        id: followUpEventId(event.id, channel),
        orderId: event.subject,
        eventId: event.id,
        eventType: event.type,
        channel,
        status: "SENT",
        createdAt,
      });
    }
  }

  return {
    isReady: ({ subject }) => after === undefined || notifications.wasNotified(subject, after),
    async prepare(event) {
      const done = queue.read(() => notifications.channelsDone(event.id));
      const open = channels.filter(({ name }) => !done.includes(name));
      const results = await Promise.allSettled(
        open.map((channel) => channel.send(toMessage(event, channel.name))),
      );
      const failed = results.filter((result) => result.status === "rejected");
      if (failed.length === 0) return undefined;
      const sent = open.filter((_, index) => results[index]?.status === "fulfilled");
      const names = sent.map(({ name }) => name);
      await queue.run(() => record(event, names), event.traceparent);
      throw new AppError("HANDLER_FAILED", `${failed.length} channels did not send`, {
        cause: failed[0]?.reason,
        retryable: true,
      });
    },
    apply(event) {
      record(
        event,
        channels.map(({ name }) => name),
      );
      const { id: eventId, subject: orderId, type: eventType } = event;
      const traceId = traceIdOf(event.traceparent);
      for (const { name: channel } of channels) {
        logger.info({ orderId, eventId, traceId, eventType, channel }, "notification sent");
      }
    },
  };
}

function toMessage<T extends NotifiedType>(event: DomainEvent<T>, channel: ChannelName) {
  const { orderId, customerId } = event.data;
  const idempotencyKey = `${event.id}/${channel}`;
  const { traceparent } = event;
  return { idempotencyKey, orderId, customerId, text: messageText(event), traceparent };
}

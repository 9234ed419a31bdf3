import type { ChannelName, MessageKind } from "@order-outbox/outside-world";
import { defineEffect, type Prunable } from "@order-outbox/units";
import type { ListedNotification, NotificationPlace, NotifiedEvent } from "./notified-event.ts";

export interface NotificationFilter {
  orderId?: string | undefined;
  /** Where the page before ended. */
  after?: NotificationPlace | undefined;
}

/** The event that a customer was told of, and the channels that have done so. */
export interface NotifiedKind {
  eventId: string;
  done: readonly ChannelName[];
}

/** What can be read of notifications; written are they by effects. */
export interface NotificationStore {
  /** What an order's customer was told of a kind; undefined when nothing was sent yet. */
  findNotified(orderId: string, kind: MessageKind): Promise<NotifiedKind | undefined>;
  /** Newest first. */
  list(filter: NotificationFilter, limit: number): Promise<ListedNotification[]>;
  /** Those of finished orders, to be forgotten when they are old: all of an order at once. */
  readonly prunable: Prunable;
}

/** Channels, one at least, that have sent an event's notifications. */
export interface Sent extends Pick<NotifiedEvent, "orderId" | "eventId" | "eventType"> {
  kind: MessageKind;
  channels: readonly ChannelName[];
  /** ISO 8601, UTC. */
  sentAt: string;
}

/** Records what was sent; a channel that had sent before keeps its time. */
export const recordSent = defineEffect<Sent>("notifications sent", {
  keysOf: ({ orderId }) => [`order ${orderId}`],
});

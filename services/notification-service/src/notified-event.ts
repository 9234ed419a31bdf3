import { followUpEventId } from "@order-outbox/events";
import { CHANNEL_NAMES, type ChannelName, type MessageKind } from "@order-outbox/outside-world";

/** An event that a customer was told of, with the time at which each channel sent (ISO 8601, UTC). */
export interface NotifiedEvent {
  /** Its place in the order of commits. */
  seq: number;
  orderId: string;
  eventId: string;
  eventType: string;
  /** NULL of a second event of a kind, which former versions told of, too. */
  kind: MessageKind | null;
  emailSentAt: string | null;
  smsSentAt: string | null;
  pushSentAt: string | null;
}

/** Where a channel's time stands. */
export const SENT_AT = {
  EMAIL: "emailSentAt",
  SMS: "smsSentAt",
  PUSH: "pushSentAt",
} as const satisfies Record<ChannelName, keyof NotifiedEvent>;

/** What one channel has sent of an event. */
export interface Notification {
  id: string;
  orderId: string;
  eventType: string;
  channel: ChannelName;
  status: "SENT";
  createdAt: string;
}

/** The place of a notification in the list of all: that of its event, and its channel in there. */
export interface NotificationPlace {
  seq: number;
  channel: ChannelName;
}

export type ListedNotification = Notification & NotificationPlace;

const NEWEST_FIRST = CHANNEL_NAMES.toReversed();

/**
 * The first `limit` notifications of `events`, which begin with the newest, after the one at
 * `after`; from the first one without it.
 */
export function notificationsAfter(
  after: NotificationPlace | undefined,
  events: readonly NotifiedEvent[],
  limit: number,
): ListedNotification[] {
  const listed: ListedNotification[] = [];
  for (const event of events) {
    const { seq, orderId, eventId, eventType } = event;
    const from = after?.seq === seq ? NEWEST_FIRST.indexOf(after.channel) + 1 : 0;
    for (const channel of NEWEST_FIRST.slice(from)) {
      const createdAt = event[SENT_AT[channel]];
      if (createdAt === null) continue;
      if (listed.length === limit) return listed;
      const id = followUpEventId(eventId, channel);
      listed.push({ seq, id, orderId, eventType, channel, status: "SENT", createdAt });
    }
  }
  return listed;
}

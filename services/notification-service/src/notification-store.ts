import type { Database } from "@order-outbox/sqlite";
import type { ChannelName } from "./channels.ts";

export interface Notification {
  id: string;
  orderId: string;
  eventType: string;
  channel: ChannelName;
  status: "SENT";
  createdAt: string;
}

/** A notification with its place in the order of commits. */
export interface ListedNotification extends Notification {
  seq: number;
}

export interface NotificationFilter {
  orderId?: string | undefined;
  beforeSeq?: number | undefined;
}

export interface NotificationStore {
  /** Records that a channel has sent an event's notification; a second record changes nothing. */
  record(notification: Notification & { eventId: string }): void;
  /** The channels that have sent this event's notification. */
  channelsDone(eventId: string): ChannelName[];
  /** Whether the customer was told of an order's event of this type. */
  wasNotified(orderId: string, eventType: string): boolean;
  /** Newest first. */
  list(filter: NotificationFilter, limit: number): ListedNotification[];
}

const COLUMNS = "id, orderId, eventType, channel, status, createdAt";

export function createNotificationStore(db: Database): NotificationStore {
  const insert = db.prepare<unknown, [string, string, string, string, string, string, string]>(
    `INSERT INTO notifications (${COLUMNS}, eventId) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (eventId, channel) DO NOTHING`,
  );
  const done = db.prepare<{ channel: ChannelName }, [string]>(
    "SELECT channel FROM notifications WHERE eventId = ?",
  );
  const notified = db.prepare<{ found: number }, [string, string]>(
    "SELECT 1 AS found FROM notifications WHERE orderId = ? AND eventType = ? LIMIT 1",
  );
  const listAll = db.prepare<ListedNotification, [number, number]>(
    `SELECT seq, ${COLUMNS} FROM notifications WHERE seq < ? ORDER BY seq DESC LIMIT ?`,
  );
  const listOfOrder = db.prepare<ListedNotification, [string, number, number]>(
    `SELECT seq, ${COLUMNS} FROM notifications
     WHERE orderId = ? AND seq < ? ORDER BY seq DESC LIMIT ?`,
  );
  return {
    record({ id, orderId, eventType, channel, status, createdAt, eventId }) {
      insert.run(id, orderId, eventType, channel, status, createdAt, eventId);
    },
    channelsDone: (eventId) => done.all(eventId).map(({ channel }) => channel),
    wasNotified: (orderId, eventType) => notified.get(orderId, eventType) !== null,
    list: ({ orderId, beforeSeq = Number.MAX_SAFE_INTEGER }, limit) =>
      orderId === undefined
        ? listAll.all(beforeSeq, limit)
        : listOfOrder.all(orderId, beforeSeq, limit),
  };
}

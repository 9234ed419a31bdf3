import type { Database } from "@order-outbox/sqlite";
import { CHANNEL_NAMES, type ChannelName } from "./channels.ts";
import {
  type ListedNotification,
  type NotificationPlace,
  type NotifiedEvent,
  notificationsAfter,
  SENT_AT,
} from "./notified-event.ts";

export interface NotificationFilter {
  orderId?: string | undefined;
  /** Where the page before ended. */
  after?: NotificationPlace | undefined;
}

export interface NotificationStore {
  /**
   * Records that channels have sent an event's notifications at `sentAt` (ISO 8601, UTC); a channel
   * that had sent before keeps its time.
   *
   * @param channels one at least
   */
  record(
    event: Pick<NotifiedEvent, "orderId" | "eventId" | "eventType">,
    channels: readonly ChannelName[],
    sentAt: string,
  ): void;
  /** The channels that have sent the notification of an order's event. */
  channelsDone(orderId: string, eventId: string): readonly ChannelName[];
  /** Whether the customer was told of an order's event of this type. */
  wasNotified(orderId: string, eventType: string): boolean;
  /** Newest first. */
  list(filter: NotificationFilter, limit: number): ListedNotification[];
}

type Times = Pick<NotifiedEvent, (typeof SENT_AT)[ChannelName]>;

const NONE: readonly ChannelName[] = [];

export function createNotificationStore(db: Database): NotificationStore {
  const upsert = db.prepare<
    unknown,
    [string, string, string, string | null, string | null, string | null]
  >(
    `INSERT INTO notified_events
       (orderId, eventId, eventType, emailSentAt, smsSentAt, pushSentAt) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (orderId, eventId) DO UPDATE SET
       emailSentAt = coalesce(emailSentAt, excluded.emailSentAt),
       smsSentAt = coalesce(smsSentAt, excluded.smsSentAt),
       pushSentAt = coalesce(pushSentAt, excluded.pushSentAt)`,
  );
  const times = db.prepare<Times, [string, string]>(
    `SELECT emailSentAt, smsSentAt, pushSentAt FROM notified_events
     WHERE orderId = ? AND eventId = ?`,
  );
  const notified = db.prepare<{ found: number }, [string, string]>(
    "SELECT 1 AS found FROM notified_events WHERE orderId = ? AND eventType = ? LIMIT 1",
  );
  const listAll = db.prepare<NotifiedEvent, [number, number]>(
    "SELECT * FROM notified_events WHERE seq <= ? ORDER BY seq DESC LIMIT ?",
  );
  const listOfOrder = db.prepare<NotifiedEvent, [string, number, number]>(
    `SELECT * FROM notified_events WHERE orderId = ? AND seq <= ? ORDER BY seq DESC LIMIT ?`,
  );
  return {
    record({ orderId, eventId, eventType }, channels, sentAt) {
      const timeOf = (channel: ChannelName) => (channels.includes(channel) ? sentAt : null);
      upsert.run(orderId, eventId, eventType, timeOf("EMAIL"), timeOf("SMS"), timeOf("PUSH"));
    },
    channelsDone(orderId, eventId) {
      const row = times.get(orderId, eventId);
      return row === null ? NONE : CHANNEL_NAMES.filter((name) => row[SENT_AT[name]] !== null);
    },
    wasNotified: (orderId, eventType) => notified.get(orderId, eventType) !== null,
    list({ orderId, after }, limit) {
      const lastSeq = after?.seq ?? Number.MAX_SAFE_INTEGER;
      // One more, because the page before may have had all of the first.
      const events =
        orderId === undefined
          ? listAll.all(lastSeq, limit + 1)
          : listOfOrder.all(orderId, lastSeq, limit + 1);
      return notificationsAfter(after, events, limit);
    },
  };
}

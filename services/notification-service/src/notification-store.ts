import type { Database } from "@order-outbox/sqlite";
import { CHANNEL_NAMES, type ChannelName } from "./channels.ts";
import type { NotificationKind } from "./message-text.ts";
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

/** The event that a customer was told of, and the channels that have done so. */
export interface NotifiedKind {
  eventId: string;
  done: readonly ChannelName[];
}

export interface NotificationStore {
  /**
   * Records that channels have sent an event's notifications at `sentAt` (ISO 8601, UTC); a channel
   * that had sent before keeps its time.
   *
   * @param channels one at least
   */
  record(
    event: Pick<NotifiedEvent, "orderId" | "eventId" | "eventType"> & { kind: NotificationKind },
    channels: readonly ChannelName[],
    sentAt: string,
  ): void;
  /** What an order's customer was told of a kind; undefined when nothing was sent yet. */
  findNotified(orderId: string, kind: NotificationKind): NotifiedKind | undefined;
  /** Newest first. */
  list(filter: NotificationFilter, limit: number): ListedNotification[];
}

type Times = Pick<NotifiedEvent, "eventId" | (typeof SENT_AT)[ChannelName]>;

export function createNotificationStore(db: Database): NotificationStore {
  const upsert = db.prepare<
    unknown,
    [string, string, string, string, string | null, string | null, string | null]
  >(
    `INSERT INTO notified_events
       (orderId, eventId, eventType, kind, emailSentAt, smsSentAt, pushSentAt)
     VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (orderId, kind) DO UPDATE SET
       emailSentAt = coalesce(emailSentAt, excluded.emailSentAt),
       smsSentAt = coalesce(smsSentAt, excluded.smsSentAt),
       pushSentAt = coalesce(pushSentAt, excluded.pushSentAt)`,
  );
  const times = db.prepare<Times, [string, string]>(
    `SELECT eventId, emailSentAt, smsSentAt, pushSentAt FROM notified_events
     WHERE orderId = ? AND kind = ?`,
  );
  const listAll = db.prepare<NotifiedEvent, [number, number]>(
    "SELECT * FROM notified_events WHERE seq <= ? ORDER BY seq DESC LIMIT ?",
  );
  const listOfOrder = db.prepare<NotifiedEvent, [string, number, number]>(
    `SELECT * FROM notified_events WHERE orderId = ? AND seq <= ? ORDER BY seq DESC LIMIT ?`,
  );
  return {
    record({ orderId, eventId, eventType, kind }, channels, sentAt) {
      const timeOf = (channel: ChannelName) => (channels.includes(channel) ? sentAt : null);
      upsert.run(orderId, eventId, eventType, kind, timeOf("EMAIL"), timeOf("SMS"), timeOf("PUSH"));
    },
    findNotified(orderId, kind) {
      const row = times.get(orderId, kind);
      if (row === null) return undefined;
      const done = CHANNEL_NAMES.filter((name) => row[SENT_AT[name]] !== null);
      return { eventId: row.eventId, done };
    },
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

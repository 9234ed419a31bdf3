import { CHANNEL_NAMES, type ChannelName } from "@order-outbox/outside-world";
import {
  type CommitQueue,
  type Database,
  prepareInsertRows,
  prunableTable,
  type Writer,
  writerOf,
} from "@order-outbox/sqlite";
import { type NotificationStore, recordSent } from "../notification-store.ts";
import { type NotifiedEvent, notificationsAfter, SENT_AT } from "../notified-event.ts";
import { prunableNotifications } from "./prunable-notifications.ts";

type Times = Pick<NotifiedEvent, "eventId" | (typeof SENT_AT)[ChannelName]>;

/** Writes what use cases decide of notifications. */
export function notificationWriter(db: Database): Writer {
  const upsert = prepareInsertRows<
    [string, string, string, string, string | null, string | null, string | null]
  >(
    db,
    "notified_events (orderId, eventId, eventType, kind, emailSentAt, smsSentAt, pushSentAt)",
    `ON CONFLICT (orderId, kind) DO UPDATE SET
       emailSentAt = coalesce(emailSentAt, excluded.emailSentAt),
       smsSentAt = coalesce(smsSentAt, excluded.smsSentAt),
       pushSentAt = coalesce(pushSentAt, excluded.pushSentAt)`,
  );
  return writerOf(recordSent, (values) => {
    upsert(
      values.map(({ orderId, eventId, eventType, kind, channels, sentAt }) => {
        const timeOf = (channel: ChannelName) => (channels.includes(channel) ? sentAt : null);
        return [orderId, eventId, eventType, kind, timeOf("EMAIL"), timeOf("SMS"), timeOf("PUSH")];
      }),
    );
    return undefined;
  });
}

/** @param queue through which everything in this service writes; its reads share a transaction */
export function createNotificationStore(db: Database, queue: CommitQueue): NotificationStore {
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
    async findNotified(orderId, kind) {
      const row = queue.read(() => times.get(orderId, kind));
      if (row === null) return undefined;
      const done = CHANNEL_NAMES.filter((name) => row[SENT_AT[name]] !== null);
      return { eventId: row.eventId, done };
    },
    async list({ orderId, after }, limit) {
      const lastSeq = after?.seq ?? Number.MAX_SAFE_INTEGER;
      // One more, because the page before may have had all of the first.
      const events =
        orderId === undefined
          ? listAll.all(lastSeq, limit + 1)
          : listOfOrder.all(orderId, lastSeq, limit + 1);
      return notificationsAfter(after, events, limit);
    },
    prunable: prunableTable(queue, prunableNotifications(db)),
  };
}

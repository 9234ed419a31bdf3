import { HELD_STATE_INDEX, INBOX_TABLES } from "@order-outbox/inbox";
import type { Migration } from "@order-outbox/sqlite";

/** How notifications.db came to be; append, never edit. */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: "create notifications",
    up: `
      CREATE TABLE notifications (
        seq       INTEGER PRIMARY KEY AUTOINCREMENT,
        id        TEXT NOT NULL UNIQUE,
        orderId   TEXT NOT NULL,
        eventId   TEXT NOT NULL,
        eventType TEXT NOT NULL,
        channel   TEXT NOT NULL CHECK (channel IN ('EMAIL', 'SMS', 'PUSH')),
        status    TEXT NOT NULL CHECK (status IN ('SENT')),
        createdAt TEXT NOT NULL,
        UNIQUE (eventId, channel)
      ) STRICT;
      CREATE INDEX notifications_order ON notifications (orderId, seq);
    `,
  },
  { name: "create the inbox", up: INBOX_TABLES },
  { name: "index held events by state", up: HELD_STATE_INDEX },
  {
    name: "keep one row per notified event",
    up: `
      CREATE TABLE notified_events (
        seq         INTEGER PRIMARY KEY,
        orderId     TEXT NOT NULL,
        eventId     TEXT NOT NULL,
        eventType   TEXT NOT NULL,
        emailSentAt TEXT,
        smsSentAt   TEXT,
        pushSentAt  TEXT,
        UNIQUE (orderId, eventId),
        CHECK (coalesce(emailSentAt, smsSentAt, pushSentAt) IS NOT NULL)
      ) STRICT;

      INSERT INTO notified_events
        (orderId, eventId, eventType, emailSentAt, smsSentAt, pushSentAt)
      SELECT orderId, eventId, eventType,
        CASE channel WHEN 'EMAIL' THEN createdAt END,
        CASE channel WHEN 'SMS' THEN createdAt END,
        CASE channel WHEN 'PUSH' THEN createdAt END
      FROM notifications WHERE true ORDER BY seq
      ON CONFLICT (orderId, eventId) DO UPDATE SET
        emailSentAt = coalesce(emailSentAt, excluded.emailSentAt),
        smsSentAt = coalesce(smsSentAt, excluded.smsSentAt),
        pushSentAt = coalesce(pushSentAt, excluded.pushSentAt);

      -- How many rows retention has deleted, so that verify does not take them for lost ones.
      CREATE TABLE pruned_events (total INTEGER NOT NULL) STRICT;
      INSERT INTO pruned_events
      SELECT (coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'notifications'), 0)
        - (SELECT count(*) FROM notifications)) / 3;

      DROP TABLE notifications;

      -- What was sent, one row per channel: for whoever looks.
      CREATE VIEW notifications AS
      SELECT seq * 3 - 2 AS seq, orderId, eventId, eventType, 'EMAIL' AS channel,
        'SENT' AS status, emailSentAt AS createdAt
      FROM notified_events WHERE emailSentAt IS NOT NULL
      UNION ALL
      SELECT seq * 3 - 1, orderId, eventId, eventType, 'SMS', 'SENT', smsSentAt
      FROM notified_events WHERE smsSentAt IS NOT NULL
      UNION ALL
      SELECT seq * 3, orderId, eventId, eventType, 'PUSH', 'SENT', pushSentAt
      FROM notified_events WHERE pushSentAt IS NOT NULL;
    `,
  },
];

import { EVENTS } from "@order-outbox/contracts";
import { HELD_STATE_INDEX, INBOX_TABLES, inboxByConsumer } from "@order-outbox/inbox";
import type { Migration } from "@order-outbox/sqlite";

/** What was sent, one row per channel: for whoever looks. */
const NOTIFICATIONS_VIEW = `
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
`;

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

      ${NOTIFICATIONS_VIEW}
    `,
  },
  {
    name: "tell an order's customer once of each kind",
    up: `
      CREATE TABLE told_once (
        seq         INTEGER PRIMARY KEY,
        orderId     TEXT NOT NULL,
        eventId     TEXT NOT NULL,
        eventType   TEXT NOT NULL,
        -- NULL of a second event of a kind, which was told of, too, before this step.
        kind        TEXT CHECK (kind IN ('created', 'payment')),
        emailSentAt TEXT,
        smsSentAt   TEXT,
        pushSentAt  TEXT,
        UNIQUE (orderId, kind),
        CHECK (coalesce(emailSentAt, smsSentAt, pushSentAt) IS NOT NULL)
      ) STRICT;

      INSERT INTO told_once
        (seq, orderId, eventId, eventType, kind, emailSentAt, smsSentAt, pushSentAt)
      SELECT seq, orderId, eventId, eventType,
        CASE WHEN row_number() OVER (PARTITION BY orderId, kind ORDER BY seq) = 1 THEN kind END,
        emailSentAt, smsSentAt, pushSentAt
      FROM (
        SELECT *, CASE eventType WHEN 'ORDER_CREATED' THEN 'created' ELSE 'payment' END AS kind
        FROM notified_events
      ) ORDER BY seq;

      DROP VIEW notifications;
      DROP TABLE notified_events;
      ALTER TABLE told_once RENAME TO notified_events;
      ${NOTIFICATIONS_VIEW}
    `,
  },
  {
    name: "key the inbox by source and consumer",
    up: inboxByConsumer("notification-service", EVENTS),
  },
];

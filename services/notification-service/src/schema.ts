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
];

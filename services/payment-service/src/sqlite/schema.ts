import { EVENTS } from "@order-outbox/contracts";
import { HELD_STATE_INDEX, INBOX_TABLES, inboxByConsumer } from "@order-outbox/inbox";
import { OUTBOX_TABLE } from "@order-outbox/outbox";
import type { Migration } from "@order-outbox/sqlite";

/** How payments.db came to be; append, never edit. */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: "create payments",
    up: `
      CREATE TABLE payments (
        seq           INTEGER PRIMARY KEY AUTOINCREMENT,
        id            TEXT NOT NULL UNIQUE,
        orderId       TEXT NOT NULL UNIQUE,
        customerId    TEXT NOT NULL,
        amount        REAL NOT NULL,
        status        TEXT NOT NULL CHECK (status IN ('SUCCEEDED', 'FAILED')),
        transactionId TEXT NOT NULL,
        reason        TEXT,
        createdAt     TEXT NOT NULL
      ) STRICT;
    `,
  },
  { name: "create the outbox", up: OUTBOX_TABLE },
  { name: "create the inbox", up: INBOX_TABLES },
  { name: "index held events by state", up: HELD_STATE_INDEX },
  { name: "key the inbox by source and consumer", up: inboxByConsumer("payment-service", EVENTS) },
];

import { EVENTS } from "@order-outbox/contracts";
import { HELD_STATE_INDEX, INBOX_TABLES, inboxByConsumer } from "@order-outbox/inbox";
import { OUTBOX_TABLE } from "@order-outbox/outbox";
import type { Migration } from "@order-outbox/sqlite";

/** How orders.db came to be; append, never edit. */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: "create orders",
    up: `
      CREATE TABLE orders (
        seq        INTEGER PRIMARY KEY AUTOINCREMENT,
        id         TEXT NOT NULL UNIQUE,
        customerId TEXT NOT NULL,
        amount     REAL NOT NULL,
        status     TEXT NOT NULL CHECK (status IN ('PENDING', 'PAID', 'PAYMENT_FAILED')),
        createdAt  TEXT NOT NULL,
        updatedAt  TEXT NOT NULL
      ) STRICT;
      CREATE INDEX orders_customer ON orders (customerId, seq);
      CREATE INDEX orders_status ON orders (status, seq);
    `,
  },
  { name: "create the outbox", up: OUTBOX_TABLE },
  { name: "create the inbox", up: INBOX_TABLES },
  {
    name: "create idempotency keys",
    up: `
      CREATE TABLE idempotency_keys (
        key         TEXT NOT NULL PRIMARY KEY,
        requestHash TEXT NOT NULL,
        orderId     TEXT NOT NULL,
        response    TEXT NOT NULL,
        createdAt   TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX idempotency_keys_age ON idempotency_keys (createdAt);
    `,
  },
  { name: "index held events by state", up: HELD_STATE_INDEX },
  {
    // A customer's newest entry stood on a page of its own: every order changed another one. Now the
    // entries of 16,384 orders in a row stand together; see `listOfCustomer`.
    name: "index customers by stretches of orders",
    up: `
      DROP INDEX orders_customer;
      CREATE INDEX orders_customer ON orders (seq >> 14, customerId, seq);
    `,
  },
  { name: "key the inbox by source and consumer", up: inboxByConsumer("order-service", EVENTS) },
  {
    // Every key changed a page of its own, of rows and answers, and others of an index by age. Now
    // keys stand as they came, and thousands are sorted into an index at once; see `KeyIndex`.
    name: "sort idempotency keys many at once",
    up: `
      ALTER TABLE idempotency_keys RENAME TO former_keys;
      CREATE TABLE idempotency_keys (
        id          INTEGER PRIMARY KEY AUTOINCREMENT,
        key         TEXT NOT NULL,
        requestHash TEXT NOT NULL,
        orderId     TEXT NOT NULL,
        response    TEXT NOT NULL,
        createdAt   TEXT NOT NULL
      ) STRICT;
      INSERT INTO idempotency_keys (key, requestHash, orderId, response, createdAt)
        SELECT key, requestHash, orderId, response, createdAt FROM former_keys ORDER BY createdAt;
      DROP TABLE former_keys;

      CREATE TABLE idempotency_index (
        key TEXT NOT NULL PRIMARY KEY,
        id  INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      INSERT INTO idempotency_index SELECT key, id FROM idempotency_keys ORDER BY key;
      CREATE TABLE idempotency_indexed (id INTEGER NOT NULL) STRICT;
      INSERT INTO idempotency_indexed SELECT coalesce(max(id), 0) FROM idempotency_keys;
    `,
  },
];

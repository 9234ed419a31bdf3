/** An order that nobody placed. */
export const NOBODYS = "11111111-1111-7111-8111-111111111111";

const CHANNELS = ["EMAIL", "SMS", "PUSH"];
/** The entries of an order in a ledger; SQL. */
export const ofOrder = (id: string) => `entry ->> '$.orderId' = '${id}'`;
const copyOf = (key: string, entry: string, where: string) =>
  `INSERT INTO ledger (key, entry, recordedAt) SELECT '${key}', ${entry}, recordedAt
   FROM ledger WHERE ${where} LIMIT 1`;
const withoutRules = (table: string) => [
  `CREATE TABLE spoilt AS SELECT * FROM ${table}`,
  `DROP TABLE ${table}`,
  `ALTER TABLE spoilt RENAME TO ${table}`,
];

/** Ways to spoil a file of the system, and what the audit has to say of order `id` then. */
export const SPOILT: [name: string, file: string, (id: string) => string[], findings: string[]][] =
  [
    [
      "an order that is lost with all that belongs to it",
      "orders",
      (id) => [`DELETE FROM orders WHERE id = '${id}'`],
      [
        ...["an ORDER_CREATED event", "a charge", "a payment", "a payment result event"],
        ...["a notification", "a send"],
      ].map((what) => `invented: ${what} of order ID, which is not stored`),
    ],
    [
      "an order that is not final",
      "orders",
      (id) => [`UPDATE orders SET status = 'PENDING' WHERE id = '${id}'`],
      ["contradicting: order ID is PENDING, its payment SUCCEEDED"],
    ],
    [
      "a status that contradicts its payment",
      "orders",
      (id) => [`UPDATE orders SET status = 'PAYMENT_FAILED' WHERE id = '${id}'`],
      ["contradicting: order ID is PAYMENT_FAILED, its payment SUCCEEDED"],
    ],
    [
      "a payment that contradicts order, charge and event",
      "payments",
      (id) => [`UPDATE payments SET status = 'FAILED' WHERE orderId = '${id}'`],
      [
        "contradicting: order ID is PAID, its payment FAILED",
        "contradicting: the payment of order ID FAILED, its charge ACCEPTED",
        "contradicting: the payment of order ID FAILED, its event PAYMENT_SUCCEEDED",
      ],
    ],
    [
      "a lost payment",
      "payments",
      (id) => [`DELETE FROM payments WHERE orderId = '${id}'`],
      [
        "lost: order ID has 0 of 1 payments",
        "contradicting: order ID is PAID, its payment undefined",
      ],
    ],
    [
      "a doubled payment row",
      "payments",
      (id) => [
        ...withoutRules("payments"),
        `INSERT INTO payments SELECT * FROM payments WHERE orderId = '${id}'`,
      ],
      ["doubled: order ID has 2 of 1 payments"],
    ],
    [
      "a lost charge",
      "provider-ledger",
      (id) => ["DROP TRIGGER ledger_keeps_entries", `DELETE FROM ledger WHERE ${ofOrder(id)}`],
      ["lost: order ID has 0 of 1 charges in the provider's ledger"],
    ],
    [
      "a doubled charge",
      "provider-ledger",
      (id) => [copyOf("another", "entry", ofOrder(id))],
      ["doubled: order ID has 2 of 1 charges in the provider's ledger"],
    ],
    [
      "a charge for nobody",
      "provider-ledger",
      (id) => [copyOf("another", `json_set(entry, '$.orderId', '${NOBODYS}')`, ofOrder(id))],
      ["invented: a charge of order #, which is not stored"],
    ],
    [
      "a lost notification",
      "notifications",
      (id) => [
        `UPDATE notified_events SET smsSentAt = NULL
       WHERE orderId = '${id}' AND eventType = 'ORDER_CREATED'`,
      ],
      ["lost: order ID has 0 of 1 notifications of itself by SMS"],
    ],
    [
      "a payment that nobody was told of",
      "notifications",
      (id) => [
        `DELETE FROM notified_events WHERE orderId = '${id}' AND eventType <> 'ORDER_CREATED'`,
      ],
      CHANNELS.map((name) => `lost: order ID has 0 of 1 notifications of its payment by ${name}`),
    ],
    [
      "a doubled notification",
      "notifications",
      (id) => [
        `INSERT INTO notified_events (orderId, eventId, eventType, pushSentAt)
       SELECT orderId, 'x', eventType, pushSentAt FROM notified_events
       WHERE orderId = '${id}' AND eventType <> 'ORDER_CREATED'`,
      ],
      ["doubled: order ID has 2 of 1 notifications of its payment by PUSH"],
    ],
    [
      "a customer who was told of the payment first",
      "notifications",
      (id) => [
        `UPDATE notified_events SET seq = seq + 1000
       WHERE orderId = '${id}' AND eventType = 'ORDER_CREATED'`,
      ],
      ["out of order: order ID was told of after its payment"],
    ],
    [
      "a customer whom one channel told of the payment first",
      "notifications",
      (id) => [
        `UPDATE notified_events SET smsSentAt = '2999-01-01T00:00:00.000Z'
       WHERE orderId = '${id}' AND eventType = 'ORDER_CREATED'`,
      ],
      ["out of order: order ID was told of after its payment"],
    ],
    [
      "a lost send",
      "channels-ledger",
      (id) => [
        "DROP TRIGGER ledger_keeps_entries",
        `DELETE FROM ledger WHERE id = (SELECT id FROM ledger
         WHERE ${ofOrder(id)} AND entry ->> '$.channel' = 'PUSH' LIMIT 1)`,
      ],
      ["lost: order ID has 1 of 2 sends by PUSH"],
    ],
    [
      "a send that was made by another channel instead",
      "channels-ledger",
      (id) => [
        "DROP TRIGGER ledger_keeps_words",
        `UPDATE ledger SET entry = json_set(entry, '$.channel', 'EMAIL')
       WHERE id = (SELECT id FROM ledger
         WHERE ${ofOrder(id)} AND entry ->> '$.channel' = 'PUSH' LIMIT 1)`,
      ],
      ["doubled: order ID has 3 of 2 sends by EMAIL", "lost: order ID has 1 of 2 sends by PUSH"],
    ],
  ];

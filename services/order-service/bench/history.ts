/**
 * Gives an orders.db a past, for `bun run bench`: so many orders whose events are published, in big
 * transactions of plain SQL. Their ids sort before those of orders to come, as older ones do.
 */
import { closeDatabase, openMigrated } from "@order-outbox/sqlite";
import { MIGRATIONS } from "../src/sqlite/schema.ts";

const { database, rows } = JSON.parse(process.argv[2] ?? "{}") as {
  database: string;
  rows: number;
};
const PER_TRANSACTION = 250_000;
const NUMBERS = `WITH RECURSIVE numbers(n) AS (SELECT $first UNION ALL SELECT n + 1 FROM numbers WHERE n < $last)`;
const ID = "printf('%08x-%04x-7000-8000-%012x', n >> 16, n & 65535, n)";

process.stdin.on("end", () => process.exit(1)).resume();
const db = openMigrated(database, MIGRATIONS);
// Nobody needs this file if making it fails; the service switches back to WAL.
db.run("PRAGMA journal_mode = OFF");
db.run("PRAGMA synchronous = OFF");
db.run("PRAGMA cache_size = -262144");
const orders = db.prepare(
  `INSERT INTO orders (id, customerId, amount, status, createdAt, updatedAt)
   ${NUMBERS}
   SELECT ${ID}, 'customer-' || (n % 1000), 99.99, 'PAID', $at, $at FROM numbers`,
);
const events = db.prepare(
  `INSERT INTO outbox (eventType, orderId, payload, isPublished, createdAt, publishedAt, eventId,
                       topic, partitionKey, keyHash)
   ${NUMBERS}
   SELECT 'ORDER_CREATED', ${ID},
          '{"orderId":"' || ${ID} || '","customerId":"customer-' || (n % 1000) || '","amount":99.99}',
          1, $at, $at, ${ID}, 'order_created', ${ID}, n
   FROM numbers`,
);
const had = db.query<{ rows: number | null }, []>("SELECT max(id) AS rows FROM outbox").get()?.rows;
const insert = db.transaction((first: number, last: number) => {
  const at = new Date().toISOString();
  orders.run({ first, last, at });
  events.run({ first, last, at });
});
for (let done = had ?? 0; done < rows; done += PER_TRANSACTION) {
  insert.immediate(done + 1, Math.min(rows, done + PER_TRANSACTION));
}
closeDatabase(db);
console.log(JSON.stringify({ rows }));
process.exit(0);

/** Makes an orders.db with pending events, as if their orders had just been taken; for `bun run bench`. */
import { EVENTS } from "@order-outbox/contracts";
import { prepareAppend } from "@order-outbox/outbox";
import { closeDatabase, openMigrated } from "@order-outbox/sqlite";
import { prepareInsertOrders } from "../src/sqlite/order-store.ts";
import { MIGRATIONS } from "../src/sqlite/schema.ts";

const { database, rows } = JSON.parse(process.argv[2] ?? "{}") as {
  database: string;
  rows: number;
};
const PER_TRANSACTION = 10_000;

process.stdin.on("end", () => process.exit(1)).resume();
const db = openMigrated(database, MIGRATIONS);
const insertOrders = prepareInsertOrders(db);
const append = prepareAppend(db, EVENTS);

const insert = db.transaction((first: number, last: number) => {
  for (let number = first; number < last; number++) {
    const id = Bun.randomUUIDv7();
    const createdAt = new Date().toISOString();
    const customerId = `customer-${number % 1_000}`;
    const amount = 1 + (number % 100_000) / 100;
    insertOrders([{ id, customerId, amount, status: "PENDING", createdAt, updatedAt: createdAt }]);
    append({
      eventId: Bun.randomUUIDv7(),
      eventType: "ORDER_CREATED",
      data: { orderId: id, customerId, amount },
      createdAt,
    });
  }
});
for (let done = 0; done < rows; done += PER_TRANSACTION) {
  insert.immediate(done, Math.min(rows, done + PER_TRANSACTION));
}
closeDatabase(db);
console.log(JSON.stringify({ rows }));
process.exit(0);

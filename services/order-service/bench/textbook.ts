/**
 * Orders as tutorials take them, for `bun run bench`: the request's handler writes order and event
 * in a transaction of its own, `synchronous=FULL`, to the same tables.
 */
import { EVENTS } from "@order-outbox/contracts";
import { prepareAppend } from "@order-outbox/outbox";
import { openMigrated } from "@order-outbox/sqlite";
import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { prepareInsertOrders } from "../src/sqlite/order-store.ts";
import { MIGRATIONS } from "../src/sqlite/schema.ts";

const { database } = JSON.parse(process.argv[2] ?? "{}") as { database: string };
const db = openMigrated(database, MIGRATIONS);
const insertOrders = prepareInsertOrders(db);
const append = prepareAppend(db, EVENTS);
const Body = Type.Object({ customerId: Type.String(), amount: Type.Number() });

const accept = db.transaction((orderId: string, order: { customerId: string; amount: number }) => {
  const createdAt = new Date().toISOString();
  insertOrders([{ ...order, id: orderId, status: "PENDING", createdAt, updatedAt: createdAt }]);
  append({
    eventId: Bun.randomUUIDv7(),
    eventType: "ORDER_CREATED",
    data: { orderId, ...order },
    createdAt,
  });
});

const app = new Elysia()
  .post(
    "/api/orders",
    ({ body, set }) => {
      const orderId = Bun.randomUUIDv7();
      accept.immediate(orderId, body);
      set.status = 201;
      return { orderId, ...body, status: "PENDING" };
    },
    { body: Body },
  )
  .listen({ hostname: "127.0.0.1", port: 0 });
console.log(`listening on ${app.server?.port}`);
process.stdin.on("end", () => process.exit(0)).resume();

// A service without an inbox: it announces what it is sent.
import { EVENTS } from "@order-outbox/contracts";
import { newEventId } from "@order-outbox/events";
import { AUDIT_TABLE } from "@order-outbox/operator";
import { OUTBOX_TABLE, publish } from "@order-outbox/outbox";
import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { operationRoutes, runService, serviceSettings, sqliteTables } from "./mod.ts";

const Announcement = Type.Object({
  orderId: Type.String(),
  customerId: Type.String(),
  amount: Type.Number(),
});

await runService({
  name: "order-service",
  config: Type.Object(serviceSettings({ port: 0, database: "publishing.db" })),
  events: EVENTS,
  tables: sqliteTables({
    migrations: [{ name: "create the outbox", up: OUTBOX_TABLE + AUDIT_TABLE }],
    stores: () => ({}),
  }),
  publishes: ["ORDER_CREATED"],
  app: ({ units, now, operations }) =>
    new Elysia().use(operationRoutes(operations)).post(
      "/announcements",
      async ({ body: data }) => {
        const createdAt = new Date(now()).toISOString();
        const event = { eventId: newEventId(), eventType: "ORDER_CREATED" as const, createdAt };
        await units.commit({ effects: [publish(EVENTS, { ...event, data })] });
        return { announced: true };
      },
      { body: Announcement },
    ),
});

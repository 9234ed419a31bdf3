import { newEventId } from "@order-outbox/events";
import { AUDIT_TABLE } from "@order-outbox/operator";
import { OUTBOX_TABLE, publish } from "@order-outbox/outbox";
import { operationRoutes, runService, serviceSettings, sqliteTables } from "@order-outbox/service";
import { sql } from "@order-outbox/units";
import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { events, Invoice } from "./events.ts";

const INVOICES = "CREATE TABLE invoices (id TEXT PRIMARY KEY, customer TEXT, total REAL) STRICT;";

await runService({
  name: "billing",
  config: Type.Object(serviceSettings({ port: 4001, database: "billing.db" })),
  events,
  tables: sqliteTables({
    migrations: [{ name: "create invoices", up: INVOICES + OUTBOX_TABLE + AUDIT_TABLE }],
  }),
  publishes: ["INVOICE_ISSUED"],
  app: ({ units, now, operations }) =>
    new Elysia().use(operationRoutes(operations)).post(
      "/invoices",
      async ({ body: { invoiceId, customer, total }, body: data }) => {
        const parameters = [invoiceId, customer, total];
        const stored = sql({ statement: "INSERT INTO invoices VALUES (?, ?, ?)", parameters });
        const event = { eventId: newEventId(), createdAt: new Date(now()).toISOString(), data };
        const announced = publish(events, { ...event, eventType: "INVOICE_ISSUED" });
        await units.commit({ effects: [stored, announced] });
        return { issued: invoiceId };
      },
      { body: Invoice },
    ),
});

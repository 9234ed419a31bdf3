import { newEventId } from "@order-outbox/events";
import { AUDIT_TABLE } from "@order-outbox/operator";
import { OUTBOX_TABLE, publish } from "@order-outbox/outbox";
import { operationRoutes, runService, serviceSettings, sqliteTables } from "@order-outbox/service";
import { sql } from "@order-outbox/units";
import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { events, Invoice } from "./events.ts";

const INVOICES = "CREATE TABLE invoices (id TEXT PRIMARY KEY, customer TEXT, total REAL) STRICT;";
const INSERT = "INSERT INTO invoices VALUES (?, ?, ?) ON CONFLICT DO NOTHING";

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
      async ({ body: { invoiceId, customer, total }, body: data, status }) => {
        const parameters = [invoiceId, customer, total];
        const stored = sql({ statement: INSERT, parameters, rows: 1 });
        const event = { eventId: newEventId(), createdAt: new Date(now()).toISOString(), data };
        const announced = publish(events, { ...event, eventType: "INVOICE_ISSUED" });
        const { committed } = await units.commit({ effects: [stored, announced] });
        if (!committed) return status(409, { error: `${invoiceId} was issued before` });
        return { issued: invoiceId };
      },
      { body: Invoice },
    ),
});

import type { DomainEventOf } from "@order-outbox/events";
import { type EventHandler, inboxSchema } from "@order-outbox/inbox";
import { runService, serviceSettings, sqliteTables } from "@order-outbox/service";
import { sql } from "@order-outbox/units";
import { Type } from "@sinclair/typebox";
import { events } from "./events.ts";

const name = "reminders";
const REMINDERS = "CREATE TABLE reminders (invoiceId TEXT PRIMARY KEY, text TEXT) STRICT;";

const remind: EventHandler<DomainEventOf<typeof events, "INVOICE_ISSUED">> = {
  decide({ data: { invoiceId, customer, total } }) {
    const text = `${customer}, please pay ${total.toFixed(2)}`;
    const parameters = [invoiceId, text];
    return [sql({ statement: "INSERT INTO reminders VALUES (?, ?)", parameters })];
  },
};

await runService({
  name,
  config: Type.Object(serviceSettings({ port: 4002, database: "reminders.db" })),
  events,
  tables: sqliteTables({
    migrations: [{ name: "create reminders", up: REMINDERS + inboxSchema(name) }],
  }),
  consumes: () => ({ INVOICE_ISSUED: remind }),
});

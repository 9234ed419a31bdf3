// A service without an outbox and without routes: it keeps what it hears.
import type { DomainEventOf } from "@order-outbox/events";
import { type EventHandler, inboxSchema } from "@order-outbox/inbox";
import { sqlWriter } from "@order-outbox/sqlite";
import { sql } from "@order-outbox/units";
import { Type } from "@sinclair/typebox";
import { runService, serviceSettings, sqliteTables } from "./mod.ts";
import { NOTES } from "./test-notes.ts";

const name = "listening-service";

const keep: EventHandler<DomainEventOf<typeof NOTES, "NOTE_TAKEN">> = {
  decide: ({ subject }) => [
    sql({ statement: "INSERT INTO heard VALUES (?)", parameters: [subject] }),
  ],
};

await runService({
  name,
  config: Type.Object(serviceSettings({ port: 0, database: "consuming.db" })),
  events: NOTES,
  tables: sqliteTables({
    migrations: [
      {
        name: "create tables",
        up: `CREATE TABLE heard (subject TEXT) STRICT; ${inboxSchema(name)}`,
      },
    ],
    writers: (db) => [sqlWriter(db)],
    stores: () => ({}),
  }),
  consumes: () => ({ NOTE_TAKEN: keep }),
});

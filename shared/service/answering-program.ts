// A service of routes alone, with something outside of its database.
import { sqlWriter } from "@order-outbox/sqlite";
import { sql } from "@order-outbox/units";
import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { operationRoutes, runService, serviceSettings, sqliteTables } from "./mod.ts";

await runService({
  name: "answering-service",
  config: Type.Object(serviceSettings({ port: 0, database: "answering.db" })),
  tables: sqliteTables({
    migrations: [{ name: "create visits", up: "CREATE TABLE visits (at INTEGER) STRICT" }],
    writers: (db) => [sqlWriter(db)],
    stores: (db) => ({ visits: db.prepare("SELECT count(*) AS visits FROM visits") }),
  }),
  outside: ({ logger }) => ({
    bell: {
      file: "bell",
      trouble: () => undefined,
      close: () => logger.info({}, "the bell is put away"),
    },
  }),
  app: ({ stores, units, now, operations }) =>
    new Elysia().use(operationRoutes(operations)).get("/", async () => {
      const visit = sql({ statement: "INSERT INTO visits VALUES (?)", parameters: [now()] });
      await units.commit({ effects: [visit] });
      return stores.visits.get();
    }),
});

// A service without an inbox: it announces what it is sent.
import { newEventId } from "@order-outbox/events";
import { AUDIT_TABLE } from "@order-outbox/operator";
import { OUTBOX_TABLE, publish } from "@order-outbox/outbox";
import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { operationRoutes, runService, serviceSettings, sqliteTables } from "./mod.ts";
import { NOTES } from "./test-notes.ts";

await runService({
  name: "writing-service",
  config: Type.Object(serviceSettings({ port: 0, database: "publishing.db" })),
  events: NOTES,
  tables: sqliteTables({
    migrations: [{ name: "create the outbox", up: OUTBOX_TABLE + AUDIT_TABLE }],
    stores: () => ({}),
  }),
  publishes: ["NOTE_TAKEN"],
  app: ({ units, now, operations }) =>
    new Elysia().use(operationRoutes(operations)).post(
      "/notes",
      async ({ body: data }) => {
        const createdAt = new Date(now()).toISOString();
        const event = { eventId: newEventId(), eventType: "NOTE_TAKEN" as const, createdAt };
        await units.commit({ effects: [publish(NOTES, { ...event, data })] });
        return { taken: true };
      },
      { body: NOTES.definitions.NOTE_TAKEN.data },
    ),
});

import { expect, test } from "bun:test";
import { closeDatabase, createCommitQueue, migrate, openDatabase } from "@order-outbox/sqlite";
import { tempDir } from "@order-outbox/testing";
import { event } from "../test-opened-inbox.ts";
import { createInboxStore } from "./inbox-store.ts";
import { inboxSchema } from "./schema.ts";

test("what a turn's events and their handlers look up is read in one transaction, a row an event", async () => {
  using dir = tempDir();
  const db = openDatabase(dir.join("inbox.db"));
  migrate(db, [{ name: "create the inbox", up: inboxSchema("a") }]);
  const executed: string[] = [];
  const prepare = db.prepare.bind(db) as (sql: string) => Record<"run" | "get" | "all", unknown>;
  db.prepare = ((sql: string) => {
    const statement = prepare(sql);
    for (const name of ["run", "get", "all"] as const) {
      const execute = (statement[name] as (...values: unknown[]) => unknown).bind(statement);
      statement[name] = (...values: unknown[]) => {
        executed.push(sql);
        return execute(...values);
      };
    }
    return statement;
  }) as never;
  const queue = createCommitQueue(db);
  const store = createInboxStore(db, queue, "a", Date.now);
  const own = db.prepare<{ found: number }, []>("SELECT 1 AS found");
  await Promise.all(
    Array.from({ length: 100 }, async (_, index) => {
      await store.lookUp(event(`event-${index}`), `order-${index}`);
      await queue.read(() => own.get());
    }),
  );
  const times = (part: string) => executed.filter((sql) => sql.includes(part)).length;
  expect([times("BEGIN"), times("FROM held_events"), times("FROM inbox")]).toEqual([1, 1, 100]);
  expect(executed).toHaveLength(202);
  await queue.close();
  closeDatabase(db);
});

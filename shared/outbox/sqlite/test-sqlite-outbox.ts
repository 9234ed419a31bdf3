import { AUDIT_TABLE } from "@order-outbox/operator";
import { closeDatabase, createCommitQueue, openDatabase } from "@order-outbox/sqlite";
import { tempDir } from "@order-outbox/testing";
import { insertRow } from "../publish.ts";
import type { OutboxConnection } from "../store.ts";
import type { OutboxDatabase } from "../test-outbox-database.ts";
import { outboxWriter } from "./append.ts";
import { openSqliteOutbox } from "./open-outbox.ts";
import { createOutboxDesk } from "./outbox-desk.ts";
import { createOutboxReader } from "./outbox-reader.ts";
import { OUTBOX_TABLE } from "./schema.ts";
import { settledRows } from "./settled-rows.ts";

/** An outbox in a database file of its own. */
export async function openOutboxDatabase(): Promise<OutboxDatabase> {
  const folder = tempDir();
  const path = folder.join("outbox.db");
  const db = openDatabase(path);
  db.run(OUTBOX_TABLE);
  db.run(AUDIT_TABLE);
  const queue = createCommitQueue(db, { writers: [outboxWriter(db)] });
  const connections: OutboxConnection[] = [];
  const idOf = db.prepare<{ id: number }, [string]>("SELECT id FROM outbox WHERE eventId = ?");
  return {
    async connect() {
      const connection = await openSqliteOutbox(path);
      connections.push(connection);
      return connection;
    },
    async append(rows) {
      await queue.commit({ effects: rows.map((row) => insertRow(row)) });
      return rows.map(({ eventId }) => idOf.get(eventId)?.id ?? 0);
    },
    reader: createOutboxReader(db),
    openDesk: (wake, now) => createOutboxDesk({ db, write: queue.run, wake, now }),
    settled: settledRows(db, queue),
    owner: [process.execPath, `${import.meta.dir}/lease-owner-program.ts`, path],
    async [Symbol.asyncDispose]() {
      for (const connection of connections) await connection.close();
      await queue.close();
      closeDatabase(db);
      folder[Symbol.dispose]();
    },
  };
}

import { closeDatabase, createCommitQueue, migrate, openDatabase } from "@order-outbox/sqlite";
import { tempDir } from "@order-outbox/testing";
import { describeHeldEvents } from "../test-held-contract.ts";
import { describeHeldDesk } from "../test-held-desk-contract.ts";
import { describeInboxStore } from "../test-inbox-store-contract.ts";
import type { OpenedInbox } from "../test-opened-inbox.ts";
import { createHeldDesk } from "./held-desk.ts";
import { createInboxStore } from "./inbox-store.ts";
import { inboxWriters } from "./inbox-writers.ts";
import { inboxSchema } from "./schema.ts";

async function openInbox(): Promise<OpenedInbox> {
  const dir = tempDir();
  const db = openDatabase(dir.join("inbox.db"));
  migrate(db, [{ name: "create the inbox", up: inboxSchema("a") }]);
  const queue = createCommitQueue(db, inboxWriters(db, []));
  const other = openDatabase(dir.join("inbox.db"));
  const ask = other.prepare(
    `INSERT INTO operator_requests (consumer, kind, target, reason, requestedAt)
     VALUES ($consumer, $kind, $target, $reason, '2026-01-01')`,
  );
  const audited = other.prepare<{ target: string }, []>(
    "SELECT at, action, target, reason FROM operator_audit ORDER BY id",
  );
  return {
    units: queue,
    store: (consumer) => createInboxStore(db, queue, consumer, Date.now),
    desk: createHeldDesk({ db, write: queue.run, now: Date.now }),
    async ask(request) {
      ask.run(request);
      // Reads of one turn see other connections as of the first of them.
      await new Promise(setImmediate);
    },
    audited: async () =>
      audited.all().map((row) => ({ ...row, target: JSON.parse(row.target) }) as never),
    async spoilAudit() {
      other.run(
        "CREATE TRIGGER no_audit BEFORE INSERT ON operator_audit BEGIN SELECT RAISE(ABORT, 'no'); END",
      );
    },
    async [Symbol.asyncDispose]() {
      await queue.close();
      closeDatabase(other);
      closeDatabase(db);
      dir[Symbol.dispose]();
    },
  };
}

describeInboxStore("SQLite", openInbox);
describeHeldEvents("SQLite", openInbox);
describeHeldDesk("SQLite", openInbox);

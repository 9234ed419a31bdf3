import { closeDatabase, holdPresence, openDatabase } from "@order-outbox/sqlite";
import type { OutboxConnection } from "../store.ts";
import { createLeaseRecord } from "./lease-record.ts";
import { createOutboxStore } from "./outbox-store.ts";

/** Connects a relay to the outbox in a service's database file. */
export async function openSqliteOutbox(path: string): Promise<OutboxConnection> {
  // A mark that a power cut takes back is made again after the row was published again; the
  // consumers' inboxes know the event. So these commits need not wait for the disk.
  // While it waits for a lock it gives no sign of life.
  const db = openDatabase(path, { synchronous: "NORMAL", busyTimeoutMs: 2_000 });
  const presence = holdPresence(path, "relay");
  return {
    store: createOutboxStore(db),
    lease: createLeaseRecord(db),
    presence,
    async close() {
      closeDatabase(db);
      presence.end();
    },
  };
}

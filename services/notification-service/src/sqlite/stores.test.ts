import { closeDatabase, createCommitQueue, migrate, openDatabase } from "@order-outbox/sqlite";
import { tempDir } from "@order-outbox/testing";
import { describeNotificationStore } from "../test-notification-store-contract.ts";
import { createNotificationStore } from "./notification-store.ts";
import { MIGRATIONS } from "./schema.ts";
import { notificationUnitWriters } from "./stores.ts";

describeNotificationStore("SQLite", async () => {
  const dir = tempDir();
  const db = openDatabase(dir.join("notifications.db"));
  migrate(db, MIGRATIONS);
  const queue = createCommitQueue(db, notificationUnitWriters(db));
  return {
    units: queue,
    notifications: createNotificationStore(db, queue),
    async [Symbol.asyncDispose]() {
      await queue.close();
      closeDatabase(db);
      dir[Symbol.dispose]();
    },
  };
});

import { tempDir } from "@order-outbox/testing";
import { describeNotificationStore } from "../test-notification-store-contract.ts";
import { NOTIFICATION_TABLES } from "./stores.ts";

describeNotificationStore("SQLite", async () => {
  const dir = tempDir();
  const { stores, units, finish, close } = NOTIFICATION_TABLES.open({
    service: "notification-service",
    database: dir.join("notifications.db"),
    publishes: false,
    consumes: true,
    now: Date.now,
  });
  return {
    units,
    ...stores,
    async [Symbol.asyncDispose]() {
      await finish();
      close();
      dir[Symbol.dispose]();
    },
  };
});

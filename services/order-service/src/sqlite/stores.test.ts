import { closeDatabase, createCommitQueue, migrate, openDatabase } from "@order-outbox/sqlite";
import { tempDir } from "@order-outbox/testing";
import { describeOrderStores, type OpenedOrders } from "../test-order-store-contract.ts";
import { MIGRATIONS } from "./schema.ts";
import { orderStores, orderUnitWriters } from "./stores.ts";

describeOrderStores("SQLite", async () => {
  const dir = tempDir();
  return open(dir.join("orders.db"), () => dir[Symbol.dispose]());
});

function open(path: string, close = () => {}): OpenedOrders {
  const db = openDatabase(path);
  migrate(db, MIGRATIONS);
  const queue = createCommitQueue(db, orderUnitWriters(db));
  return {
    units: queue,
    ...orderStores(db, queue),
    again: async () => open(path),
    async [Symbol.asyncDispose]() {
      await queue.close();
      closeDatabase(db);
      close();
    },
  };
}

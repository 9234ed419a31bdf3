import { tempDir } from "@order-outbox/testing";
import { describeOrderStores, type OpenedOrders } from "../test-order-store-contract.ts";
import { ORDER_TABLES } from "./stores.ts";

describeOrderStores("SQLite", async () => {
  const dir = tempDir();
  return open(dir.join("orders.db"), () => dir[Symbol.dispose]());
});

function open(path: string, closed = () => {}): OpenedOrders {
  const { stores, units, finish, close } = ORDER_TABLES.open({
    service: "order-service",
    database: path,
    publishes: true,
    consumes: true,
    now: Date.now,
  });
  return {
    units,
    ...stores,
    again: async () => open(path),
    async [Symbol.asyncDispose]() {
      await finish();
      close();
      closed();
    },
  };
}

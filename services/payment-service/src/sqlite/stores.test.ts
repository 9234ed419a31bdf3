import { tempDir } from "@order-outbox/testing";
import { describePaymentStore } from "../test-payment-store-contract.ts";
import { PAYMENT_TABLES } from "./stores.ts";

describePaymentStore("SQLite", async () => {
  const dir = tempDir();
  const { stores, units, finish, close } = PAYMENT_TABLES.open({
    service: "payment-service",
    database: dir.join("payments.db"),
    publishes: true,
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

import { closeDatabase, createCommitQueue, migrate, openDatabase } from "@order-outbox/sqlite";
import { tempDir } from "@order-outbox/testing";
import { describePaymentStore } from "../test-payment-store-contract.ts";
import { createPaymentStore } from "./payment-store.ts";
import { MIGRATIONS } from "./schema.ts";
import { paymentUnitWriters } from "./stores.ts";

describePaymentStore("SQLite", async () => {
  const dir = tempDir();
  const db = openDatabase(dir.join("payments.db"));
  migrate(db, MIGRATIONS);
  const queue = createCommitQueue(db, paymentUnitWriters(db));
  return {
    units: queue,
    payments: createPaymentStore(db, queue),
    async [Symbol.asyncDispose]() {
      await queue.close();
      closeDatabase(db);
      dir[Symbol.dispose]();
    },
  };
});

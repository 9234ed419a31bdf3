import { expect, test } from "bun:test";
import { closeDatabase, openDatabase } from "@order-outbox/sqlite";
import { tempDir } from "@order-outbox/testing";
import { CHANNEL_NAMES, openSimulatedChannels } from "./channels.ts";

test("the ledger has one line for each key, however often it is sent", async () => {
  using dir = tempDir();
  const message = { orderId: "order-1", customerId: "customer-1", text: "hello" };
  for (let run = 0; run < 2; run++) {
    const channels = openSimulatedChannels(dir.join("ledger.db"), Date.now);
    for (const channel of channels.all) {
      const keyed = { idempotencyKey: `event-1/${channel.name}`, ...message };
      await Promise.all([channel.send(keyed), channel.send(keyed)]);
    }
    await channels.close();
  }
  const db = openDatabase(dir.join("ledger.db"), { readonly: true });
  const lines = db.query<{ key: string; entry: string }, []>("SELECT * FROM ledger").all();
  closeDatabase(db);
  expect(lines.map(({ key, entry }) => ({ key, entry: JSON.parse(entry) }))).toEqual(
    CHANNEL_NAMES.map((channel) => ({
      key: `event-1/${channel}`,
      entry: { channel, ...message },
    })),
  );
});

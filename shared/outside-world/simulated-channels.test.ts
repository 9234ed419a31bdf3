import { expect, test } from "bun:test";
import { closeDatabase, openDatabase } from "@order-outbox/sqlite";
import { tempDir } from "@order-outbox/testing";
import { CHANNEL_NAMES, messageKey } from "./channels.ts";
import { openLedger } from "./ledger.ts";
import { openSimulatedChannels } from "./simulated-channels.ts";

test("the ledger has one line for each key, however often it is sent", async () => {
  using dir = tempDir();
  const message = {
    orderId: "order-1",
    customerId: "customer-1",
    text: "hello",
    eventId: "event-1",
  };
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

test("a message of a kind that was sent of another event, or with another text, is refused", async () => {
  using dir = tempDir();
  const channels = openSimulatedChannels(dir.join("ledger.db"), Date.now);
  const [email] = channels.all;
  const message = {
    idempotencyKey: messageKey("order-1", "created", "EMAIL"),
    orderId: "order-1",
    customerId: "customer-1",
    text: "hello",
    eventId: "event-1",
  };
  await email?.send(message);
  await email?.send(message);
  for (const change of [{ eventId: "event-2" }, { text: "bye" }, { customerId: "mallory" }]) {
    await expect(email?.send({ ...message, ...change })).rejects.toMatchObject({
      code: "IDEMPOTENCY_KEY_REUSED",
    });
  }
  await channels.close();
});

test("what was sent under the ids of events is not sent again under the order's key", async () => {
  using dir = tempDir();
  const order = { orderId: "order-1", customerId: "customer-1" };
  const former = openLedger(dir.join("ledger.db"), Date.now);
  const texts = {
    created: "We have received your order order-1 over 1.00.",
    payment: "Your payment was declined for order order-1 over 1.00.",
  };
  for (const [kind, text] of Object.entries(texts)) {
    await former.record(`event-${kind}/SMS`, { channel: "SMS", ...order, text });
  }
  await former.close();
  const db = openDatabase(dir.join("ledger.db"));
  db.run("DROP TABLE former_entries");
  db.run("PRAGMA user_version = 1");
  closeDatabase(db);

  const channels = openSimulatedChannels(dir.join("ledger.db"), Date.now);
  const sms = channels.all.find(({ name }) => name === "SMS");
  for (const kind of ["created", "payment"] as const) {
    const idempotencyKey = messageKey("order-1", kind, "SMS");
    const message = { idempotencyKey, ...order, text: texts[kind], eventId: `event-${kind}` };
    await sms?.send(message);
    await expect(sms?.send({ ...message, eventId: "another" })).rejects.toThrow();
  }
  await channels.close();
  const ledger = openDatabase(dir.join("ledger.db"), { readonly: true });
  expect(ledger.query("SELECT count(*) AS sends FROM ledger").get()).toEqual({ sends: 2 });
  closeDatabase(ledger);
});

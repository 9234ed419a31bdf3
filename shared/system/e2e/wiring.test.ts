import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { TOPICS } from "@order-outbox/contracts";
import { waitFor } from "@order-outbox/testing";
import { ConfigResourceTypes, Kafka, logLevel } from "kafkajs";
import { type System, startSystem } from "../mod.ts";

const HOUR_MS = 3_600_000;

describe.if(process.env.PROOF === "full")("settings and wake-ups of the whole", () => {
  test("commits wake their relays: orders settle one after the other with hours between two looks", async () => {
    await using system = await startSystem({
      env: { LOG_LEVEL: "warn", OUTBOX_POLL_MS: String(HOUR_MS) },
    });
    // A relay that nobody wakes looks when it renews its lease: four times as long as all may take.
    const settleFour = async () => {
      for (let order = 0; order < 4; order++) {
        const id = await system.createOrder();
        while ((await system.getOrder(id)).status === "PENDING") await Bun.sleep(10);
      }
    };
    let settled = false;
    void settleFour().then(() => {
      settled = true;
    });
    await waitFor(() => settled, { what: "four orders, one after the other, to settle" });
  });

  test("settings reach what they are for: keys, attempts, and what is kept how long", async () => {
    await using system = await startSystem({
      env: { LOG_LEVEL: "error", OUTBOX_RETENTION: "1s" },
      serviceEnv: {
        "order-service": { IDEMPOTENCY_RETENTION_HOURS: "2" },
        "notification-service": { RETRY_ATTEMPTS: "2", RETRY_MAX_MS: "10" },
      },
    });
    await system.notification.stop();
    await keepForEver(system, TOPICS.paymentProcessed);
    write(
      system,
      "channels-ledger.db",
      "CREATE TRIGGER refuse BEFORE INSERT ON ledger BEGIN SELECT RAISE(ABORT, 'refused'); END",
    );
    await system.notification.start();

    const key = crypto.randomUUID();
    const first = await placeKeyed(system, key);
    agePlacedKey(system, 1.9);
    expect(await placeKeyed(system, key)).toBe(first);
    agePlacedKey(system, 2.1);
    expect(await placeKeyed(system, key)).not.toBe(first);

    const attempts = "SELECT attempts FROM held_events WHERE state = 'PARKED'";
    const parked = await waitFor(() => read(system, "notifications.db", attempts)[0], {
      what: "a message that cannot be sent to be parked",
    });
    expect(parked).toEqual({ attempts: 2 });
    for (const database of ["orders.db", "payments.db"]) {
      await waitFor(() => read(system, database, "SELECT id FROM outbox").length === 0, {
        what: `the published rows of ${database} to be pruned`,
      });
    }
    const kept = await waitFor(
      async () => {
        const response = await fetch(`${system.notification.url}/health`);
        const { checks } = (await response.json()) as {
          checks: { retention: { inbox: { state: string; reason: string } } };
        };
        return checks.retention.inbox.state !== "unchecked" && checks.retention.inbox;
      },
      { what: "the topics' retention to be told" },
    );
    expect(kept).toMatchObject({
      state: "keeping",
      reason: expect.stringContaining(TOPICS.paymentProcessed),
    });
  });

  async function keepForEver({ kafkaHost }: System, topic: string): Promise<void> {
    const kafka = new Kafka({ brokers: kafkaHost.split(","), logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    await admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: ConfigResourceTypes.TOPIC,
          name: topic,
          configEntries: [{ name: "retention.ms", value: "-1" }],
        },
      ],
    });
    await admin.disconnect();
  }

  async function placeKeyed({ order }: System, key: string): Promise<string> {
    const response = await fetch(`${order.url}/api/orders`, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": key },
      body: JSON.stringify({ customerId: "customer-1", amount: 1 }),
    });
    expect(response.status).toBe(201);
    return ((await response.json()) as { orderId: string }).orderId;
  }

  function agePlacedKey(system: System, hours: number): void {
    const at = new Date(Date.now() - hours * HOUR_MS).toISOString();
    write(system, "orders.db", `UPDATE idempotency_keys SET createdAt = '${at}'`);
  }

  function write({ dataDir }: System, database: string, sql: string): void {
    using db = new Database(join(dataDir, database));
    db.run("PRAGMA busy_timeout = 5000");
    db.run(sql);
  }

  function read({ dataDir }: System, database: string, sql: string) {
    using db = new Database(join(dataDir, database), { readonly: true });
    return db.query<Record<string, unknown>, []>(sql).all();
  }
});

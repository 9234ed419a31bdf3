import { Database } from "bun:sqlite";
import { renameSync } from "node:fs";
import type { ServiceProcess, System } from "@order-outbox/system";
import { hangAt, type KillableBroker, type SmallDisk } from "@order-outbox/testing";

/** What can be broken. */
export interface World {
  system: System;
  broker: KillableBroker;
  disk: SmallDisk;
  adminToken: string;
}

/** A fault, the alerts that have to fire under it, and its end. */
export interface Fault {
  what: string;
  alerts: string[];
  begin(world: World): Promise<void>;
  end(world: World): Promise<void>;
}

export const FAULTS: Fault[] = [
  {
    what: "a service that is gone",
    alerts: ["ServiceDown"],
    begin: ({ system }) => system.payment.kill(),
    end: ({ system }) => system.payment.start(),
  },
  {
    what: "an event that nobody can read",
    alerts: ["InboxParked"],
    begin: async ({ system }) => appendRaw(system.order.databasePath, "{}"),
    async end({ system, adminToken }) {
      for (const service of [system.payment, system.notification]) {
        await discardAll(service, "held-events", adminToken);
      }
    },
  },
  {
    what: "an event that is too large for the broker",
    alerts: ["OutboxParked"],
    begin: async ({ system }) =>
      appendRaw(system.order.databasePath, JSON.stringify({ padding: "x".repeat(3_000_000) })),
    end: ({ system, adminToken }) => discardAll(system.order, "outbox", adminToken),
  },
  {
    what: "a payment provider that has become slow",
    alerts: ["ConsumerLag"],
    async begin({ system }) {
      await system.payment.kill();
      await placeOrders(system, 3_000);
      await system.payment.start({ PAYMENT_LATENCY_MS: "4000" });
    },
    end: ({ system }) => system.payment.restart(),
  },
  {
    what: "a broker that is gone",
    alerts: ["OutboxOldestPending", "ConsumerNotJoined"],
    async begin({ system, broker }) {
      await broker.kill();
      await placeOrders(system, 1);
    },
    end: ({ broker }) => broker.start(),
  },
  {
    what: "an outbox worker that hangs",
    alerts: ["OutboxWorkerSilent"],
    async begin({ system }) {
      await system.order.kill();
      await system.order.start(hangAt("order-outbox.relay", "read"));
      await placeOrders(system, 1);
    },
    end: ({ system }) => system.order.restart(),
  },
  {
    what: "a disk that fills up",
    alerts: ["DataDiskAlmostFull"],
    begin: async ({ disk }) => disk.fill(1024 * 1024),
    end: async ({ disk }) => disk.free(),
  },
  {
    what: "a database that is moved away",
    alerts: ["StorageNotWritable"],
    async begin({ system }) {
      renameSync(system.notification.databasePath, `${system.notification.databasePath}.away`);
    },
    async end({ system }) {
      renameSync(`${system.notification.databasePath}.away`, system.notification.databasePath);
    },
  },
];

async function placeOrders(system: System, count: number): Promise<void> {
  for (let placed = 0; placed < count; placed += 50) {
    const some = Array.from({ length: Math.min(50, count - placed) }, () =>
      system.createOrder({ customerId: "customer-1", amount: 10 }),
    );
    await Promise.all(some);
  }
}

/** Puts an event into an outbox that the service itself would never write. */
function appendRaw(databasePath: string, payload: string): void {
  using db = new Database(databasePath);
  db.run("PRAGMA busy_timeout = 5000");
  const id = crypto.randomUUID();
  db.run(
    `INSERT INTO outbox (eventType, orderId, payload, createdAt, eventId, topic, partitionKey, keyHash)
     VALUES ('ORDER_CREATED', ?, ?, ?, ?, 'order_created', ?, 0)`,
    [id, payload, new Date().toISOString(), crypto.randomUUID(), id],
  );
}

async function discardAll({ url }: ServiceProcess, what: string, token: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const state = what === "outbox" ? "parked" : "PARKED";
  const list = await fetch(`${url}/admin/${what}?state=${state}`, { headers });
  const { items } = (await list.json()) as { items: { id: number }[] };
  for (const { id } of items) {
    const body = JSON.stringify({ reason: "part of a proof" });
    const answer = await fetch(`${url}/admin/${what}/${id}/discard`, {
      method: "POST",
      headers,
      body,
    });
    if (!answer.ok) throw new Error(`cannot discard ${what} ${id}: ${await answer.text()}`);
  }
}

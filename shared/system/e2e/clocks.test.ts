import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { createKafkaClient } from "@order-outbox/kafka";
import {
  freePort,
  settableClock,
  startBrokerProcess,
  tempDir,
  whyNoSettableClock,
} from "@order-outbox/testing";
import { outboxJson, SERVICE_GROUPS, type System, serviceProcess, startSystem } from "../mod.ts";
import { expectClean, fullProof, waitUntilSettled } from "./support.ts";

const OFFSETS = ["-10m", "+10m", "-65m", "+65m", "+400d"];
const LOAD_MS = 2_000;
/**
 * Longer than the session timeout of 6 s: a member that sends no heartbeat is out by then. Under
 * load it would stay, because reporting offsets counts as a sign of life, too.
 */
const REST_MS = 8_000;
const ORDERS_PER_SECOND = 40;
const SERVICES = ["order-service", "payment-service", "notification-service"] as const;

test.if(fullProof && whyNoSettableClock() === undefined)(
  "clocks that are set under load lose, double, reorder and park nothing",
  async () => {
    using folder = tempDir();
    const clockOf = (name: string) => settableClock(folder.join(`${name}.clock`));
    const brokerClock = clockOf("broker");
    const serviceClocks = SERVICES.map(clockOf);
    const standbyClock = clockOf("standby");
    const clocks = [...serviceClocks, brokerClock, standbyClock];
    await using broker = await startBrokerProcess({
      data: folder.join("broker"),
      env: brokerClock.env,
    });
    const { kafkaHost } = broker;
    await using system = await startSystem({
      kafkaHost,
      dataDir: folder.join("data"),
      env: { LOG_LEVEL: "warn", OUTBOX_RETENTION: "30d", NOTIFICATION_RETENTION: "30d" },
      serviceEnv: Object.fromEntries(
        SERVICES.map((name, i) => [name, serviceClocks[i]?.env ?? {}]),
      ),
    });
    // It waits for the lease of the first one, and would take it when that seemed to be over.
    await using standby = serviceProcess("order-service", {
      port: await freePort(),
      databasePath: system.order.databasePath,
      kafkaHost,
      env: { LOG_LEVEL: "warn", ...standbyClock.env },
    });
    await standby.start();
    const intruder = serviceProcess("payment-service", {
      port: await freePort(),
      databasePath: folder.join("other/payments.db"),
      kafkaHost,
    });
    await using _ = intruder;
    void intruder.start().catch(() => {});
    const load = startLoad(system);
    const loadAndRest = async () => {
      await Bun.sleep(LOAD_MS);
      load.pause();
      await Bun.sleep(REST_MS);
      const { first, again } = await load.repeat();
      expect(again).toBe(first);
      load.resume();
    };

    // Each process has its own idea of the time, and another one at each step.
    for (const step of OFFSETS.keys()) {
      for (const [i, clock] of clocks.entries()) {
        clock.set(OFFSETS[(step + i) % OFFSETS.length] ?? "+0");
      }
      await loadAndRest();
      await expectWell(system, intruder.url, `step ${step} of clocks apart`);
    }
    // The machine's clock is set.
    for (const offset of [...OFFSETS, "+0"]) {
      for (const clock of clocks) clock.set(offset);
      await loadAndRest();
      await expectWell(system, intruder.url, `all clocks at ${offset}`);
    }
    expect(rowsOf(system.order.databasePath, "SELECT fencing FROM relay_lease")).toEqual([
      { fencing: 1 },
    ]);
    await standby.stop();

    // Services that die and start while the clock is wrong, and when it is right again. They believe
    // it then, so a short retention would take what is old by it.
    const forEver = { OUTBOX_RETENTION: "99999d", NOTIFICATION_RETENTION: "99999d" };
    for (const offset of ["+400d", "-65m", "+0"]) {
      for (const clock of clocks) clock.set(offset);
      await Bun.sleep(1_500);
      await Promise.all(
        [system.order, system.payment, system.notification].map((s) => s.restart(forEver)),
      );
      await Bun.sleep(1_500);
    }
    const orders = await load.stop();
    expect(orders).toBeGreaterThan(500);
    await waitUntilSettled(system, orders);
    await expectClean(system, orders);

    // Seen from a time when every order is old enough to be judged.
    const later = clockOf("later");
    later.set("+800d");
    const report = await outboxJson<{ orders: object; findings: unknown[]; leftOut: string[] }>(
      { dataDir: system.dataDir, kafkaHost, env: later.env },
      "verify",
    );
    expect(report).toMatchObject({
      orders: { judged: orders, younger: 0 },
      findings: [],
      leftOut: [],
    });
    expect(parked(system)).toBe(0);
    expect(rowsOf(intruder.databasePath, "SELECT id FROM payments")).toEqual([]);
  },
  240_000,
);

interface Load {
  /** Sends the first order again, under its key; gives the ids of both answers. */
  repeat(): Promise<{ first: string; again: string }>;
  pause(): void;
  resume(): void;
  /** Gives the number of orders. */
  stop(): Promise<number>;
}

/** Orders at a steady rate, each sent until it is accepted, under a key of its own. */
function startLoad(system: System): Load {
  const orders = new Set<Promise<string>>();
  let stopped = false;
  const send = async (number: number): Promise<string> => {
    const order = { customerId: `customer-${number % 50}`, amount: 10.5 };
    for (;;) {
      try {
        return await system.createOrder(order, { "Idempotency-Key": `order-${number}` });
      } catch (error) {
        if (stopped) throw error;
        await Bun.sleep(100);
      }
    }
  };
  let paused = false;
  const timer = setInterval(() => {
    if (!paused) orders.add(send(orders.size));
  }, 1_000 / ORDERS_PER_SECOND);
  return {
    async repeat() {
      const [first] = orders;
      return { first: (await first) ?? "", again: await send(0) };
    },
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
    },
    async stop() {
      clearInterval(timer);
      const ids = await Promise.all(orders);
      stopped = true;
      return new Set(ids).size;
    },
  };
}

/** Every service is healthy, the broker takes it for a live member, and the intruder is refused. */
async function expectWell(system: System, intruderUrl: string, when: string): Promise<void> {
  const { order, payment, notification, kafkaHost } = system;
  const health = await Promise.all(
    [order, payment, notification].map(async ({ url }) => {
      const response = await fetch(`${url}/health`);
      const body = await response.text();
      return response.status === 200 ? 200 : body;
    }),
  );
  const members = await memberCounts(kafkaHost);
  expect({ when, health, members, intruder: await consumerOf(intruderUrl) }).toEqual({
    when,
    health: [200, 200, 200],
    intruder: "refused",
    members: SERVICE_GROUPS.map((groupId) => ({
      groupId,
      members: groupId === "order-service" ? 2 : 1,
    })),
  });
}

async function memberCounts(kafkaHost: string) {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const client = createKafkaClient({ brokers: [kafkaHost], clientId: "clocks", log });
  const admin = client.kafkajs.admin();
  await admin.connect();
  try {
    const { groups } = await admin.describeGroups([...SERVICE_GROUPS]);
    return groups.map(({ groupId, members }) => ({ groupId, members: members.length }));
  } finally {
    await admin.disconnect();
  }
}

function parked({ dataDir }: System): number {
  const outboxes = ["orders.db", "payments.db"].flatMap((name) =>
    rowsOf(join(dataDir, name), "SELECT id FROM outbox WHERE parkedAt IS NOT NULL"),
  );
  const inboxes = ["orders.db", "payments.db", "notifications.db"].flatMap((name) =>
    rowsOf(join(dataDir, name), "SELECT id FROM held_events"),
  );
  return outboxes.length + inboxes.length;
}

function rowsOf(path: string, sql: string): unknown[] {
  using db = new Database(path, { readonly: true });
  return db.query(sql).all();
}

async function consumerOf(url: string): Promise<string> {
  const { checks } = (await (await fetch(`${url}/health`)).json()) as {
    checks: { inbox: { consumer: string } };
  };
  return checks.inbox.consumer;
}

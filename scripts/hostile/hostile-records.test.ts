import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { EVENTS, TOPICS } from "@order-outbox/contracts";
import { decodeEvent, type WireRecord } from "@order-outbox/events";
import { startSystem } from "@order-outbox/system";
import { uniqueName, waitFor } from "@order-outbox/testing";
import { createRandom } from "@order-outbox/tool-kit";
import { verifySystem } from "@order-outbox/verify";
import { Kafka, logLevel } from "kafkajs";
import { type HostileRecord, makeRecords, type Seen } from "./records.ts";

const full = process.env.PROOF === "full";
const RECORDS = full ? 10_000 : 600;
const ORDERS = full ? 300 : 24;
const BATCH = 100;
const SEED = Number(process.env.HOSTILE_SEED ?? Date.now() % 1_000_000);

const MEMORY_MIB = 256;
const GROWTH_BYTES = 10_000_000;
const DATABASES = ["orders.db", "payments.db", "notifications.db"];

/** The most memory that a process ever had, in MiB, where the system tells. */
function peakMemory(pid: number): number {
  const status = `/proc/${pid}/status`;
  if (!existsSync(status)) return 0;
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(status, "utf8"))?.[1] ?? 0) / 1024;
}

/** A WAL is left out: it is bounded by itself, and begins anew when it is checkpointed. */
const sizes = (dataDir: string): number[] =>
  DATABASES.map((name) => statSync(join(dataDir, name)).size);

/** What a stranger does: reads the orders as they come, and writes whatever it likes about them. */
interface Stranger extends AsyncDisposable {
  /** The first event of each order, the newest last. */
  readonly seen: Seen[];
  /** Records of an order go into the order's partition, as any client would have it. */
  send(records: readonly HostileRecord[]): Promise<void>;
}

async function openStranger(kafkaHost: string): Promise<Stranger> {
  const kafka = new Kafka({ brokers: kafkaHost.split(","), logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  const consumer = kafka.consumer({ groupId: uniqueName("stranger"), maxWaitTimeInMs: 50 });
  await Promise.all([producer.connect(), consumer.connect()]);
  const seen = new Map<string, Seen>();
  await consumer.subscribe({ topic: TOPICS.orderCreated, fromBeginning: true });
  await consumer.run({
    async eachMessage({ message }) {
      const event = readOrder(message);
      if (event !== undefined && !seen.has(event.subject)) seen.set(event.subject, event);
    },
  });
  return {
    get seen() {
      return [...seen.values()];
    },
    async send(records) {
      const batch = Map.groupBy(records, ({ topic }) => topic);
      await producer.sendBatch({
        topicMessages: [...batch].map(([topic, all]) => ({
          topic,
          messages: all.map(({ message }) => message),
        })),
      });
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([producer.disconnect(), consumer.disconnect()]);
    },
  };
}

function readOrder(message: WireRecord): Seen | undefined {
  try {
    const decoded = decodeEvent(EVENTS, message);
    if (decoded.kind === "event" && decoded.event.type === "ORDER_CREATED") return decoded.event;
  } catch {
    // One of its own.
  }
  return undefined;
}

async function lagOf(url: string): Promise<number> {
  const { checks } = (await (await fetch(`${url}/health`)).json()) as {
    checks: { inbox: { lag: number; inFlight: number } };
  };
  return checks.inbox.lag + checks.inbox.inFlight;
}

describe.if(full)("records of strangers", () => {
  test("among the records of strangers every order is worked once, and nothing ends or swells", async () => {
    await using system = await startSystem({ env: { LOG_LEVEL: "error" } });
    await using stranger = await openStranger(system.kafkaHost);
    const services = [system.order, system.payment, system.notification];
    const pids = services.map(({ process }) => process.pid);
    const before = sizes(system.dataDir);
    const random = createRandom(SEED);
    const orderIds: string[] = [];
    for (let sent = 0; sent < RECORDS; sent += BATCH) {
      const placed = Array.from({ length: Math.ceil((ORDERS * BATCH) / RECORDS) }, () =>
        system.createOrder({ customerId: `customer-${sent}`, amount: 10.5 }),
      );
      orderIds.push(...(await Promise.all(placed)));
      await waitFor(() => orderIds.every((id) => stranger.seen.some((one) => one.subject === id)), {
        what: "the stranger to read the orders",
        intervalMs: 2,
      });
      const seen = stranger.seen.filter(({ subject }) => orderIds.includes(subject));
      await stranger.send(makeRecords(random, seen.slice(-20), BATCH));
    }

    await waitFor(
      async () => {
        const lags = await Promise.all(services.map(({ url }) => lagOf(url)));
        return lags.every((lag) => lag === 0);
      },
      { what: "everything to be read", timeoutMs: 60_000, intervalMs: 100 },
    );
    for (const id of orderIds) {
      const order = await waitFor(
        async () => {
          const found = await system.getOrder(id);
          return found.status !== "PENDING" && found;
        },
        { what: `order ${id} to be final (seed ${SEED})`, timeoutMs: 30_000 },
      );
      const told = await waitFor(
        async () => {
          const all = await system.notifications(id);
          return all.length === 6 && all;
        },
        { what: `six notifications of order ${id} (seed ${SEED})`, timeoutMs: 30_000 },
      );
      const result = order.status === "PAID" ? "PAYMENT_SUCCEEDED" : "PAYMENT_FAILED";
      expect(new Set(told.map(({ eventType }) => eventType))).toEqual(
        new Set(["ORDER_CREATED", result]),
      );
    }

    expect(services.map(({ process }) => process.pid)).toEqual(pids);
    for (const { url } of services) expect((await fetch(`${url}/health`)).status).toBe(200);
    for (const pid of pids) expect(peakMemory(pid)).toBeLessThan(MEMORY_MIB);
    const grown = sizes(system.dataDir).map((size, i) => size - (before[i] ?? 0));
    if (full) console.log({ seed: SEED, grown, peaks: pids.map(peakMemory) });
    const report = await verifySystem({
      dataDir: system.dataDir,
      brokers: system.kafkaHost.split(","),
      settleMs: 0,
      recheckMs: 500,
    });
    for (const bytes of grown) expect(bytes).toBeLessThan(GROWTH_BYTES);
    const { lost, doubled, contradicting, stuck, unknown } = report.counts;
    expect({
      seed: SEED,
      lost,
      doubled,
      contradicting,
      outOfOrder: report.counts["out-of-order"],
    }).toEqual({
      seed: SEED,
      lost: 0,
      doubled: 0,
      contradicting: 0,
      outOfOrder: 0,
    });
    expect(stuck).toBeGreaterThan(0);
    expect(unknown).toBeGreaterThan(0);
    const ours = new Set(orderIds);
    for (const { kind, rule, orderId, message } of report.findings) {
      if (ours.has(orderId ?? "")) expect([rule, message]).toEqual(["foreign-event", message]);
      else expect(["stuck", "unknown"]).toContain(kind);
    }
  }, 240_000);
});

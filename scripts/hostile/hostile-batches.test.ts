import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_PARTITIONS, TOPICS } from "@order-outbox/contracts";
import { createKafkaClient } from "@order-outbox/kafka";
import { startSystem } from "@order-outbox/system";
import {
  CODECS,
  encodeWireBatch,
  publishBytes,
  waitFor,
  wireBatch,
  wireRecord,
} from "@order-outbox/testing";

const full = process.env.PROOF === "full";
const BOMB_MIB = full ? 300 : 64;
const PARTITIONS = full ? DEFAULT_PARTITIONS : 1;
const MEMORY_MIB = 256;
const GROWTH_BYTES = 10_000_000;
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
const DATABASES = ["orders.db", "payments.db", "notifications.db"];

/** The most memory that a process ever had, in MiB, where the system tells. */
function peakMemory(pid: number): number {
  const status = `/proc/${pid}/status`;
  if (!existsSync(status)) return 0;
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(status, "utf8"))?.[1] ?? 0) / 1024;
}

describe.if(full)("batches that swell", () => {
  test(`a few bytes that become ${BOMB_MIB} MiB end no service, are stored nowhere, and hold up no order`, async () => {
    await using system = await startSystem({
      env: { LOG_LEVEL: "error" },
      serviceEnv: { "payment-service": { PAYMENT_SUCCESS_RATE: "1" } },
    });
    const services = [system.order, system.payment, system.notification];
    const pids = services.map(({ process }) => process.pid);
    const brokers = system.kafkaHost.split(",");
    const client = createKafkaClient({ brokers, clientId: "stranger", log: SILENT });
    const bombs = [CODECS.gzip, CODECS.zstd].map((codec) => {
      const record = wireRecord("", { value: Buffer.alloc(BOMB_MIB * 1024 * 1024) });
      return encodeWireBatch(wireBatch([record], { codec }));
    });
    const place = () => system.createOrder({ customerId: "customer", amount: 10.5 });
    const orderIds = [await place()];
    for (const topic of Object.values(TOPICS)) {
      for (let partition = 0; partition < PARTITIONS; partition++) {
        for (const bomb of bombs) await publishBytes(client, topic, partition, bomb);
        orderIds.push(await place());
      }
    }
    for (const id of orderIds) {
      await waitFor(async () => (await system.getOrder(id)).status === "PAID", {
        what: `order ${id} to be paid`,
        timeoutMs: 30_000,
      });
    }
    const held = (name: string) => {
      using db = new Database(join(system.dataDir, name), { readonly: true });
      return db
        .query<{ errorCode: string; count: number; bytes: number }, []>(
          `SELECT errorCode, count(*) AS count, max(length(value)) AS bytes FROM held_events
           WHERE state <> 'WAITING' GROUP BY errorCode`,
        )
        .all();
    };
    const perTopic = PARTITIONS * bombs.length;
    for (const [name, topics] of [
      ["orders.db", 1],
      ["payments.db", 1],
      ["notifications.db", 2],
    ] as const) {
      const parked = await waitFor(() => held(name)[0]?.count === topics * perTopic && held(name), {
        what: `the bombs to be parked in ${name}`,
        timeoutMs: 30_000,
      });
      expect(parked).toMatchObject([{ errorCode: "EVENT_TOO_LARGE" }]);
      expect(parked[0]?.bytes).toBeLessThanOrEqual(256);
    }
    expect(services.map(({ process }) => process.pid)).toEqual(pids);
    for (const { url } of services) expect((await fetch(`${url}/health`)).status).toBe(200);
    for (const pid of pids) expect(peakMemory(pid)).toBeLessThan(MEMORY_MIB);
    for (const name of DATABASES) {
      expect(Bun.file(join(system.dataDir, name)).size).toBeLessThan(GROWTH_BYTES);
    }
    if (full) console.log({ peaks: pids.map(peakMemory) });
  }, 120_000);
});

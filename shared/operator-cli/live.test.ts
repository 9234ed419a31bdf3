import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { DEFAULT_PARTITIONS, TOPICS } from "@order-outbox/contracts";
import {
  auditSystem,
  outbox,
  outboxJson,
  type System,
  startSystem,
  waitUntilWorked,
} from "@order-outbox/system";
import { readTopic, waitFor } from "@order-outbox/testing";
import type { Report } from "@order-outbox/verify";
import { verifySystem } from "@order-outbox/verify";
import { Kafka, logLevel } from "kafkajs";
import type { Answer } from "./ask-service.ts";
import type { ListedEvent } from "./list.ts";

// Long, so part of the full proofs only.
describe.if(process.env.PROOF === "full")("the command on a live system", () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem({ env: { LOG_LEVEL: "warn", OUTBOX_POLL_MS: "100" } });
  });
  afterAll(() => system?.[Symbol.asyncDispose]());

  /** Runs SQL beside the service. */
  function sql<Row>(database: string, statement: string): Row[] {
    using db = new Database(join(system.dataDir, database), { readwrite: true });
    db.run("PRAGMA busy_timeout = 5000");
    return db.query<Row, []>(statement).all();
  }

  const verifyNow = () =>
    outboxJson<Report>(system, "verify", "--settle", "0s", "--recheck", "200ms");

  const findingsNow = async () =>
    (await verifyNow()).findings.map(({ kind, rule, orderId }) => ({ kind, rule, orderId }));

  test("verify is clean on a healthy system under load", async () => {
    let loading = true;
    let placed = 0;
    const load = Array.from({ length: 3 }, async () => {
      while (loading) {
        await system.createOrder();
        placed += 1;
        // Load, but not as much as two cores can take: the rest of this file reads it all again.
        await Bun.sleep(15);
      }
    });
    await waitFor(() => placed >= 50, { what: "some orders" });
    const before = placed;
    const report = await verifySystem({
      dataDir: system.dataDir,
      brokers: [system.kafkaHost],
      settleMs: 0,
      recheckMs: 1_500,
      onProgress: (what) => {
        if (what === "reconciling again") loading = false;
      },
    });
    loading = false;
    await Promise.all(load);
    expect(report).toMatchObject({ findings: [], leftOut: [] });
    expect(report.orders.judged).toBeGreaterThanOrEqual(before);
    expect(placed).toBeGreaterThan(before);
    await waitUntilWorked(system, placed);
  });

  describe("orders that were taken while no broker answered", () => {
    const ids = { marked: "", parked: "", unwanted: "" };

    beforeAll(async () => {
      await system.order.stop();
      await system.order.start({ KAFKA_HOST: "127.0.0.1:1" });
      for (const name of Object.keys(ids) as (keyof typeof ids)[]) {
        ids[name] = await system.createOrder();
      }
      await system.order.stop();
      const now = new Date().toISOString();
      sql(
        "orders.db",
        `UPDATE outbox SET isPublished = 1, publishedAt = '${now}' WHERE orderId = '${ids.marked}'`,
      );
      sql(
        "orders.db",
        `UPDATE outbox SET parkedAt = '${now}', attempts = 3, lastError = 'too large'
       WHERE isPublished = 0`,
      );
      await system.order.start();
    });

    /** Places orders until one of them was published to the partition to which another's event goes. */
    async function placeInPartitionOf(orderId: string): Promise<void> {
      const partitionOf = (id: string) =>
        sql<{ partition: number }>(
          "orders.db",
          `SELECT keyHash % ${DEFAULT_PARTITIONS} AS partition FROM outbox WHERE orderId = '${id}'`,
        )[0]?.partition;
      for (;;) {
        const id = await system.createOrder();
        await waitFor(async () => (await system.getOrder(id)).status !== "PENDING", {
          what: "the order to be final",
        });
        if (partitionOf(id) === partitionOf(orderId)) return;
      }
    }

    const outboxId = (orderId: string) =>
      String(
        sql<{ id: number }>("orders.db", `SELECT id FROM outbox WHERE orderId = '${orderId}'`)[0]
          ?.id,
      );

    test("a row that was marked without being sent is lost, a parked one is stuck", async () => {
      const { out, exitCode } = await outbox(system, "verify", "--settle", "0s", "--recheck", "0s");
      expect(exitCode).toBe(1);
      expect(out).toContain(
        `lost: ORDER_CREATED of order ${ids.marked} (outbox ${outboxId(ids.marked)} of orders.db) is marked as published, but is not in order_created`,
      );
      expect(out).toMatch(/\nlost +1\n.*\n.*\nstuck +2\n/);
    });

    test("parked rows are listed, shown, and a dry run leaves them as they are", async () => {
      const events = await outboxJson<ListedEvent[]>(system, "list", "--state", "parked");
      expect(events).toEqual(
        [ids.parked, ids.unwanted].map((key) => ({
          service: "order-service",
          place: "outbox",
          id: Number(outboxId(key)),
          state: "parked",
          key,
          eventType: "ORDER_CREATED",
          eventId: expect.any(String),
          topic: TOPICS.orderCreated,
          attempts: 3,
          since: expect.any(String),
          nextAttemptAt: null,
          error: "too large",
        })),
      );
      const before = sql("orders.db", "SELECT * FROM outbox");
      const plan = await outboxJson(system, "redrive", "--all", "--dry-run");
      expect(plan).toMatchObject({
        dryRun: true,
        services: [
          { service: "order-service", outbox: events.map(({ id }) => ({ id })), held: [] },
          { service: "payment-service", outbox: [], held: [] },
          { service: "notification-service", outbox: [], held: [] },
        ],
      });
      expect(sql("orders.db", "SELECT * FROM outbox")).toEqual(before);
      expect(sql("orders.db", "SELECT * FROM operator_audit")).toEqual([]);
    });

    test("a redriven row is published, a discarded one is kept, and both are in the audit", async () => {
      const discarding = [
        "discard",
        "--id",
        outboxId(ids.unwanted),
        "--service",
        "order",
        "--outbox",
      ];
      const discarded = await outbox(system, ...discarding, "--reason", "a test order");
      expect(discarded).toMatchObject({ exitCode: 0, err: "" });
      const again = await outbox(system, ...discarding, "--reason", "a test order");
      expect(again).toMatchObject({ exitCode: 2 });
      await placeInPartitionOf(ids.parked);
      const redriven = await outbox(system, "redrive", "--all");
      expect(redriven).toEqual({
        out: "order-service: 1 outbox row pending again\n",
        err: "",
        exitCode: 0,
      });
      await waitFor(async () => (await system.getOrder(ids.parked)).status !== "PENDING", {
        what: "the redriven order to be final",
      });
      const shown = await outboxJson(
        system,
        "show",
        outboxId(ids.unwanted),
        "--service",
        "order",
        "--outbox",
      );
      expect(shown).toMatchObject({
        event: { lastError: "too large", discardedAt: expect.any(String) },
        payload: { orderId: ids.unwanted },
        history: [{ action: "DISCARD", reason: "a test order" }],
      });
      const report = await verifyNow();
      expect(report.findings.map(({ orderId }) => orderId)).toEqual([ids.marked]);
      expect(report.notes).toEqual([
        "operators discarded 1 events of orders.db",
        "1 first deliveries came after later ones because operators redrove them",
      ]);
      const audited = await auditSystem(system);
      expect(audited.findings.filter((finding) => finding.startsWith("out of order"))).toEqual([]);
    });

    test("a row that the topic does not have is published again, and its order is worked", async () => {
      const again = ["republish", "--service", "order", "--key", ids.marked];
      const done = await outbox(system, ...again, "--reason", "marked without being sent");
      expect(done).toMatchObject({ exitCode: 0, err: "" });
      await waitFor(async () => (await system.getOrder(ids.marked)).status !== "PENDING", {
        what: "the order to be final",
      });
      const { findings } = await verifyNow();
      expect(findings.filter(({ kind }) => kind !== "out-of-order")).toEqual([]);
    });
  });

  test("published rows are published again under their ids, and nothing takes effect twice", async () => {
    const published = sql<{ id: number; eventId: string }>(
      "orders.db",
      "SELECT id, eventId FROM outbox WHERE isPublished = 1 ORDER BY id DESC LIMIT 3",
    );
    const from = published.at(-1)?.id;
    const again = ["republish", "--service", "order", "--from-id", String(from)];
    const planned = await outboxJson(system, ...again, "--dry-run");
    expect(planned).toEqual({ service: "order-service", dryRun: true, found: 3, pending: 0 });
    const before = await findingsNow();
    const done = await outbox(system, ...again, "--reason", "the broker lost them");
    expect(done).toEqual({
      out: "order-service: 3 published rows pending again\n",
      err: "",
      exitCode: 0,
    });
    const times = async (eventId: string) =>
      (await readTopic(system.kafkaHost, TOPICS.orderCreated)).filter(
        ({ headers }) => headers.ce_id === eventId,
      ).length;
    for (const { eventId } of published) {
      await waitFor(async () => (await times(eventId)) === 2, { what: "the event a second time" });
    }
    expect(await findingsNow()).toEqual(before);
    expect(
      sql("orders.db", "SELECT action, reason FROM operator_audit ORDER BY id DESC LIMIT 1"),
    ).toEqual([{ action: "REPUBLISH", reason: "the broker lost them" }]);
    const unpublished = ["republish", "--service", "order", "--id", "1000000"];
    expect(await outbox(system, ...unpublished, "--reason", "none")).toMatchObject({ exitCode: 2 });
  });

  describe("an event that two consumers hold", () => {
    const heldBy = (database: string) =>
      sql<{ id: number }>(database, "SELECT id FROM held_events WHERE state = 'PARKED'")[0]?.id;

    beforeAll(async () => {
      const kafka = new Kafka({ brokers: [system.kafkaHost], logLevel: logLevel.NOTHING });
      const producer = kafka.producer();
      await producer.connect();
      const headers = { ce_specversion: "1.0", ce_id: "broken", ce_type: "ORDER_CREATED" };
      await producer.send({
        topic: TOPICS.orderCreated,
        messages: [{ key: "nobody", value: "{", headers }],
      });
      await producer.disconnect();
      await waitFor(() => heldBy("payments.db") && heldBy("notifications.db"), {
        what: "both to hold it",
      });
    });

    test("is redriven by the one and discarded by the other, while a third moves its offset", async () => {
      const id = String(heldBy("payments.db"));
      const discarding = ["discard", "--id", id, "--service", "payment", "--held"];
      const resetting = ["reset-offset", "--service", "order", "--topic", TOPICS.paymentProcessed];
      const [reset, discarded, redriven] = await Promise.all([
        outboxJson<Answer[]>(
          system,
          ...[...resetting, "--partition", "0", "--to", "earliest", "--reason", "to read again"],
        ),
        outbox(system, ...discarding, "--reason", "a broken test"),
        outboxJson<{ held: Answer[] }>(
          system,
          "redrive",
          "--key",
          "nobody",
          "--service",
          "notification",
        ),
      ]);
      expect(reset).toMatchObject([{ kind: "RESET_OFFSET", outcome: { offset: 0 } }]);
      expect(discarded).toMatchObject({ exitCode: 0, err: "" });
      expect(discarded.out).toContain("discarded 1");
      expect(redriven.held).toEqual([
        {
          service: "notification-service",
          id: 1,
          kind: "REDRIVE",
          target: { heldId: 1 },
          finishedAt: expect.any(String),
          outcome: expect.objectContaining({
            redriven: 0,
            error: expect.stringContaining("ce_source is missing"),
          }),
        },
      ]);
      expect(heldBy("payments.db")).toBeUndefined();
      const shown = await outboxJson(system, "show", id, "--service", "payment", "--held");
      expect(shown).toMatchObject({
        event: null,
        history: [
          { action: "DISCARD requested", reason: "a broken test" },
          { action: "DISCARD", reason: "a broken test" },
        ],
      });
    });

    test("waits for a service that does not run, as one open request", async () => {
      await system.notification.stop();
      const redriving = ["redrive", "--service", "notification", "--timeout", "200ms"];
      const { out, err, exitCode } = await outbox(system, ...redriving);
      expect(out).toMatch(/request 2 is open/);
      expect(err).toContain("notification-service has not answered");
      expect(exitCode).toBe(1);
      const again = await outbox(system, "redrive", "--service", "notification", "--no-wait");
      expect(again).toMatchObject({ out, err: "", exitCode: 0 });
    });
  });

  test("an inbox that forgets is noticed, although everything took effect once", async () => {
    sql(
      "payments.db",
      `CREATE TRIGGER forget AFTER INSERT ON inbox
     BEGIN DELETE FROM inbox WHERE eventId = NEW.eventId; END`,
    );
    const orderId = await system.createOrder();
    await waitFor(async () => (await system.getOrder(orderId)).status !== "PENDING", {
      what: "the order to be final",
    });
    const { findings } = await verifyNow();
    expect(findings.filter(({ kind }) => kind === "contradicting")).toMatchObject([
      { rule: "passed-over-payments", orderId },
    ]);
  });

  test("status counts what waits, what is published and how far consumers are behind", async () => {
    const { broker, services } = await outboxJson<{ broker: object; services: object[] }>(
      system,
      "status",
    );
    expect(broker).toMatchObject({ state: "up", hosts: [system.kafkaHost] });
    expect(services).toMatchObject([
      {
        service: "order-service",
        outbox: { pending: 0, parked: 0, discarded: 1 },
        relay: { pid: system.order.process.pid },
        lag: { payment_processed: 0 },
      },
      { service: "payment-service", lag: { order_created: 0 }, openRequests: 0 },
      {
        service: "notification-service",
        outbox: null,
        relay: null,
        held: { PARKED: 1 },
        lag: { order_created: 1, payment_processed: 1 },
        openRequests: 1,
      },
    ]);
  });

  test("published rows are pruned in steps while the service runs", async () => {
    const published = "SELECT count(*) AS n FROM outbox WHERE isPublished = 1";
    const [before] = sql<{ n: number }>("orders.db", published);
    const pruning = ["prune", "--service", "order", "--outbox-older-than", "0s"];
    const planned = await outboxJson(system, ...pruning, "--dry-run");
    expect(planned).toMatchObject({ services: [{ found: before?.n, deleted: 0 }] });
    const done = await outboxJson(system, ...pruning);
    expect(done).toMatchObject({ services: [{ found: before?.n, deleted: before?.n }] });
    expect(sql<{ n: number }>("orders.db", "SELECT count(*) AS n FROM outbox")).toEqual([{ n: 1 }]);
    const { findings } = await verifyNow();
    expect(findings.filter(({ rule }) => rule === "no-order-event")).toEqual([]);
  });

  test("another partition count is accepted only when the topic has it", async () => {
    const accepting = ["accept-partitions", "--service", "order", "--topic", TOPICS.orderCreated];
    const wrong = await outbox(system, ...accepting, "--count", "7", "--reason", "drained");
    expect(wrong).toMatchObject({ exitCode: 2 });
    expect(wrong.err).toContain("has 6 partitions on the broker, not 7");
    sql("orders.db", "UPDATE published_topics SET partitions = 5");
    const right = await outboxJson(system, ...accepting, "--count", "6", "--reason", "drained");
    expect(right).toMatchObject({ from: 5, to: 6 });
    expect(
      sql("orders.db", "SELECT action, reason FROM operator_audit ORDER BY id DESC LIMIT 1"),
    ).toEqual([{ action: "ACCEPT_PARTITIONS", reason: "drained" }]);
  });
});

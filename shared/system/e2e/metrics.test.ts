import { expect, test } from "bun:test";
import {
  freePort,
  killableBroker,
  metricValue,
  parseMetrics,
  tempDir,
  waitFor,
} from "@order-outbox/testing";
import { type ServiceProcess, serviceProcess, startSystem } from "../mod.ts";
import { fullProof, placeOrders, waitUntilSettled } from "./support.ts";

async function scrape({ url }: ServiceProcess) {
  const response = await fetch(`${url}/metrics`);
  expect(response.headers.get("content-type")).toStartWith("text/plain; version=0.0.4");
  return parseMetrics(await response.text());
}

const post = (service: ServiceProcess) =>
  fetch(`${service.url}/api/orders`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ customerId: "customer-1", amount: 10.5 }),
  });

test("metrics show orders that wait for a broker, and their events once it is there", async () => {
  using folder = tempDir();
  await using broker = await killableBroker(folder.path);
  await using service = serviceProcess("order-service", {
    port: await freePort(),
    databasePath: folder.join("orders.db"),
    kafkaHost: broker.kafkaHost,
    env: { OUTBOX_BACKOFF_MAX_MS: "100" },
  });
  await service.start();
  await Promise.all(Array.from({ length: 7 }, () => post(service)));
  await fetch(`${service.url}/api/orders/none-such`);

  // The worker tells how it fares every two seconds.
  const noticed = async () =>
    metricValue(await scrape(service), "outbox_broker_state", { state: "down" }) === 1;
  await waitFor(noticed, { what: "the relay to notice that there is no broker" });
  const waiting = await scrape(service);
  const valueBefore = (name: string, labels = {}) => metricValue(waiting, name, labels);
  expect(valueBefore("outbox_pending")).toBe(7);
  expect(valueBefore("outbox_oldest_pending_age_seconds")).toBeGreaterThan(0);
  expect(valueBefore("outbox_failed_attempts_total")).toBeGreaterThan(0);
  expect(valueBefore("outbox_published_total")).toBe(0);
  expect(valueBefore("outbox_relay_lease_held")).toBe(1);
  expect(valueBefore("outbox_worker_heartbeat_age_seconds")).toBeLessThan(10);
  expect(valueBefore("consumer_state", { state: "joined" })).toBe(0);
  expect(valueBefore("commit_batch_units_sum")).toBeGreaterThanOrEqual(7);
  expect(valueBefore("commit_duration_seconds_count")).toBeGreaterThan(0);
  const accepted = { method: "POST", route: "/api/orders", status: "201" };
  expect(valueBefore("http_requests_total", accepted)).toBe(7);
  const refused = { method: "GET", route: "/api/orders/:orderId", status: "422" };
  expect(valueBefore("http_requests_total", refused)).toBe(1);

  await broker.start();
  await waitFor(async () => metricValue(await scrape(service), "outbox_published_total") === 7, {
    what: "the relay to tell what it published",
  });
  const published = await scrape(service);
  expect(metricValue(published, "outbox_pending")).toBe(0);
  expect(metricValue(published, "outbox_oldest_pending_age_seconds")).toBe(0);
  expect(metricValue(published, "outbox_broker_state", { state: "up" })).toBe(1);
  expect(metricValue(published, "outbox_publish_duration_seconds_count")).toBeGreaterThan(0);
});

test.if(fullProof)("metrics follow orders through all services", async () => {
  await using system = await startSystem();
  await placeOrders(system, 7);
  await waitUntilSettled(system, 7);
  const order = await scrape(system.order);
  expect(metricValue(order, "inbox_events_total", { outcome: "processed" })).toBe(7);
  await waitFor(
    async () => metricValue(await scrape(system.payment), "outbox_published_total") === 7,
    { what: "payment-service to tell what it published" },
  );
  const notification = await scrape(system.notification);
  expect(metricValue(notification, "inbox_events_total", { outcome: "processed" })).toBe(14);
  expect(metricValue(notification, "consumer_state", { state: "joined" })).toBe(1);
  expect(metricValue(notification, "consumer_lag_records")).toBe(0);
  expect(notification.has("outbox_pending")).toBe(false);
});

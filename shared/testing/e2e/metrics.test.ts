import { expect, test } from "bun:test";
import {
  killableBroker,
  metricValue,
  parseMetrics,
  type ServiceProcess,
  startSystem,
  tempDir,
  waitFor,
} from "../mod.ts";
import { placeOrders, waitUntilSettled } from "./support.ts";

async function scrape({ url }: ServiceProcess) {
  const response = await fetch(`${url}/metrics`);
  expect(response.headers.get("content-type")).toStartWith("text/plain; version=0.0.4");
  return parseMetrics(await response.text());
}

test("metrics show orders that wait for a broker, and follow them once it is there", async () => {
  using folder = tempDir();
  await using broker = await killableBroker(folder.path);
  await using system = await startSystem({
    kafkaHost: broker.kafkaHost,
    env: { OUTBOX_BACKOFF_MAX_MS: "100" },
  });
  await placeOrders(system, 7);
  await fetch(`${system.order.url}/api/orders/none-such`);

  // The worker tells how it fares every two seconds.
  const seenDown = async () =>
    metricValue(await scrape(system.order), "outbox_broker_state", { state: "down" }) === 1;
  await waitFor(seenDown, { what: "the relay to notice that there is no broker" });
  const waiting = await scrape(system.order);
  const valueBefore = (name: string, labels = {}) => metricValue(waiting, name, labels);
  expect(valueBefore("outbox_pending")).toBe(7);
  expect(valueBefore("outbox_oldest_pending_age_seconds")).toBeGreaterThan(0);
  expect(valueBefore("outbox_failed_attempts_total")).toBeGreaterThan(0);
  expect(valueBefore("outbox_published_total")).toBe(0);
  expect(valueBefore("outbox_relay_lease_held")).toBe(1);
  expect(valueBefore("outbox_worker_heartbeat_age_seconds")).toBeLessThan(10);
  expect(valueBefore("consumer_state", { state: "down" })).toBe(1);
  expect(valueBefore("commit_batch_units_sum")).toBeGreaterThanOrEqual(7);
  expect(valueBefore("commit_duration_seconds_count")).toBeGreaterThan(0);
  const posts = { method: "POST", route: "/api/orders", status: "201" };
  expect(valueBefore("http_requests_total", posts)).toBe(7);
  const unknown = { method: "GET", route: "/api/orders/:orderId", status: "422" };
  expect(valueBefore("http_requests_total", unknown)).toBe(1);

  await broker.start();
  await waitUntilSettled(system, 7);
  for (const service of [system.order, system.payment]) {
    await waitFor(async () => metricValue(await scrape(service), "outbox_published_total") === 7, {
      what: `${service.name} to tell what it published`,
    });
  }
  const order = await scrape(system.order);
  expect(metricValue(order, "outbox_pending")).toBe(0);
  expect(metricValue(order, "outbox_oldest_pending_age_seconds")).toBe(0);
  expect(metricValue(order, "outbox_broker_state", { state: "up" })).toBe(1);
  expect(metricValue(order, "outbox_publish_duration_seconds_count")).toBeGreaterThan(0);
  const notification = await scrape(system.notification);
  expect(metricValue(notification, "inbox_events_total", { outcome: "processed" })).toBe(14);
  expect(metricValue(notification, "consumer_state", { state: "joined" })).toBe(1);
  expect(metricValue(notification, "consumer_lag_records")).toBe(0);
  expect(notification.has("outbox_pending")).toBe(false);
});

import { expect, test } from "bun:test";
import { metricValue, parseMetrics, tempDir, waitFor } from "@order-outbox/testing";
import { createMetrics } from "./metrics.ts";
import { INBOX, OUTBOX, sampleMetrics } from "./test-sample-metrics.ts";

const scrape = async (metrics: ReturnType<typeof createMetrics>) =>
  parseMetrics((await metrics.scrape()).text);

test("what a service reads is shown, each number under its own name", async () => {
  using dir = tempDir();
  const metrics = sampleMetrics(dir.join("x.db"));
  metrics.noteCommit(3, 4);
  metrics.noteCommit(2, 6);
  metrics.noteRounds([20, 300]);
  const now = await scrape(metrics);
  const values = (names: string[]) => names.map((name) => metricValue(now, name));
  expect(values(["outbox_pending", "outbox_parked", "outbox_published_total"])).toEqual([5, 2, 11]);
  expect(values(["outbox_failed_attempts_total", "outbox_refusals_total"])).toEqual([3, 7]);
  expect(values(["outbox_parked_total", "outbox_relay_lease_held"])).toEqual([4, 1]);
  expect(values(["outbox_relay_standby", "outbox_worker_heartbeat_age_seconds"])).toEqual([0, 1.5]);
  expect(metricValue(now, "outbox_oldest_pending_age_seconds")).toBeGreaterThanOrEqual(60);
  expect(metricValue(now, "outbox_broker_state", { state: "down" })).toBe(1);
  expect(metricValue(now, "outbox_broker_state")).toBe(1);
  expect(values(["commit_queue_depth", "commit_batch_units_sum"])).toEqual([6, 5]);
  expect(values(["commit_batch_units_count", "outbox_publish_duration_seconds_sum"])).toEqual([
    2, 0.32,
  ]);
  expect(metricValue(now, "inbox_events_total", { outcome: "processed" })).toBe(101);
  expect(metricValue(now, "inbox_events_total")).toBe(306);
  expect(values(["inbox_retries_total", "inbox_parked_total", "inbox_in_flight"])).toEqual([
    104, 105, 9,
  ]);
  expect(metricValue(now, "inbox_held", { state: "PARKED" })).toBe(2);
  expect(metricValue(now, "inbox_held", { state: "WAITING" })).toBe(0);
  expect(metricValue(now, "inbox_last_progress_timestamp_seconds")).toBe(1_700_000_000.5);
  expect(metricValue(now, "consumer_lag_records", { topic: "order_created", partition: "3" })).toBe(
    42,
  );
  expect(metricValue(now, "consumer_state", { state: "joined" })).toBe(1);
  expect(values(["consumer_stopped_partitions", "log_lines_dropped_total"])).toEqual([1, 8]);
});

test("an event that waits is not younger than it was seen to wait, when the clock was set back", async () => {
  using dir = tempDir();
  const ahead = new Date(Date.now() + 600_000).toISOString();
  const readings = { ...OUTBOX, oldestPendingAt: ahead };
  const metrics = createMetrics({
    service: "sample",
    databasePath: dir.join("x.db"),
    writable: () => true,
    droppedLogLines: () => 0,
    commitQueueDepth: () => 0,
    inbox: () => INBOX,
    outbox: () => readings,
  });
  const age = async () => metricValue(await scrape(metrics), "outbox_oldest_pending_age_seconds");
  expect(await age()).toBe(3.5);
});

test("a counter that is kept elsewhere does not grow by being looked at", async () => {
  using dir = tempDir();
  const metrics = sampleMetrics(dir.join("x.db"));
  metrics.noteRequest("GET", "/health", 200, 1);
  await scrape(metrics);
  const now = await scrape(metrics);
  expect(metricValue(now, "outbox_published_total")).toBe(11);
  expect(metricValue(now, "http_requests_total")).toBe(1);
});

test("a partition that is gone is no longer shown", async () => {
  using dir = tempDir();
  const readings = { ...INBOX };
  const metrics = createMetrics({
    service: "sample",
    databasePath: dir.join("x.db"),
    writable: () => true,
    droppedLogLines: () => 0,
    commitQueueDepth: () => 0,
    inbox: () => readings,
  });
  await scrape(metrics);
  readings.lags = [];
  expect(metricValue(await scrape(metrics), "consumer_lag_records")).toBeUndefined();
});

test("before the worker's first sign of life nothing is claimed of its relay", async () => {
  using dir = tempDir();
  const metrics = createMetrics({
    service: "sample",
    databasePath: dir.join("x.db"),
    writable: () => true,
    droppedLogLines: () => 0,
    commitQueueDepth: () => 0,
    inbox: () => INBOX,
    outbox: () => ({ ...OUTBOX, relay: undefined }),
  });
  const now = await scrape(metrics);
  expect(metricValue(now, "outbox_broker_state", { state: "unknown" })).toBe(1);
  expect(metricValue(now, "outbox_pending")).toBe(5);
});

test("the process and its disk are shown in base units", async () => {
  using dir = tempDir();
  await Bun.write(dir.join("x.db"), "12345");
  const now = await scrape(sampleMetrics(dir.join("x.db")));
  expect(metricValue(now, "database_file_bytes", { file: "database" })).toBe(5);
  expect(metricValue(now, "service_build_info", { service: "sample", bun: Bun.version })).toBe(1);
  const startedAt = metricValue(now, "process_start_time_seconds") ?? 0;
  expect(Date.now() / 1000 - startedAt).toBeGreaterThan(0);
  expect(Date.now() / 1000 - startedAt).toBeLessThan(3_600);
  expect(metricValue(now, "process_resident_memory_bytes")).toBeGreaterThan(10_000_000);
  expect(metricValue(now, "data_disk_free_bytes")).toBeGreaterThan(0);
  expect(metricValue(now, "process_cpu_seconds_total")).toBeGreaterThan(0);
});

test("a stall of the event loop shows at the next scrape, and not at the one after", async () => {
  using dir = tempDir();
  const metrics = sampleMetrics(dir.join("x.db"));
  const lag = async () => metricValue(await scrape(metrics), "event_loop_lag_max_seconds") ?? 0;
  const lagAfterStall = async () => {
    Bun.sleepSync(250);
    await Bun.sleep(1);
    return (await lag()) > 0.1;
  };
  await waitFor(lagAfterStall, { what: "a stall to show", intervalMs: 0 });
  expect(await lag()).toBeLessThan(0.1);
});

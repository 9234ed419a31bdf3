import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { dirname } from "node:path";
import { type AppError, type Clock, isAppError, monotonic } from "@order-outbox/errors";
import { freePort, startBroker, startProcess, tempDir, waitFor } from "@order-outbox/testing";
import { type OutboxWorker, type OutboxWorkerSettings, startOutboxWorker } from "./mod.ts";
import { publishedIds, type TestOutbox, tempOutbox } from "./test-outbox.ts";

interface TestWorker extends OutboxWorker, AsyncDisposable {
  readonly failures: AppError[];
  readonly lines: { level: string; fields: object; message: string }[];
}

function startWorker(
  kafkaHost: string,
  { path, topic }: Pick<TestOutbox, "path" | "topic">,
  {
    entry = "worker-program.ts",
    clock = monotonic,
    ...settings
  }: Partial<OutboxWorkerSettings> & { entry?: string; clock?: Clock } = {},
): TestWorker {
  const failures: AppError[] = [];
  const lines: TestWorker["lines"] = [];
  const at = (level: string) => (fields: object, message: string) => {
    lines.push({ level, fields, message });
  };
  const worker = startOutboxWorker({
    entry: new URL(entry, import.meta.url),
    settings: {
      database: path,
      brokers: kafkaHost.split(","),
      clientId: "worker",
      topics: { [topic]: 2 },
      source: "/test",
      pollMs: 3_600_000,
      backoffCapMs: 2_000,
      heartbeatMs: 50,
      ...settings,
    },
    log: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") },
    onFailure: (error) => failures.push(error),
    monotonic: clock,
  });
  return { ...worker, failures, lines, [Symbol.asyncDispose]: () => worker.stop() };
}

const allPublished = (outbox: TestOutbox) => () =>
  outbox.rows().every(({ isPublished }) => isPublished === 1);

test.concurrent("the worker publishes what is there and what it is woken for, and stops when told", async () => {
  await using broker = await startBroker();
  using outbox = tempOutbox();
  outbox.append(["a", "b"]);
  await using worker = startWorker(broker.kafkaHost, outbox);
  await waitFor(allPublished(outbox), { what: "the first rows" });
  outbox.append(["a", "b", "c"]);
  worker.wake();
  await waitFor(allPublished(outbox), { what: "the row that it is woken for" });
  await worker.stop();
  expect(worker.status()).toEqual({
    standby: false,
    holdsLease: true,
    broker: "up",
    published: 5,
    sinceAckMs: expect.any(Number),
    brokerForMs: expect.any(Number),
    pendingForMs: 0,
    failures: 0,
    failedAttempts: 0,
    refusals: 0,
    parked: 0,
    lastError: null,
    waiting: null,
  });
  expect((await publishedIds(broker.kafkaHost, outbox.topic)).flat().toSorted()).toEqual([
    1, 2, 3, 4, 5,
  ]);
  outbox.append(["a"]);
  worker.wake();
  await worker.stop();
  expect(outbox.rows().at(-1)?.isPublished).toBe(0);
  expect(worker.failures).toEqual([]);
});

test.concurrent("a worker that is stopped as soon as it is started ends", async () => {
  using outbox = tempOutbox();
  const worker = startWorker(`127.0.0.1:${await freePort()}`, outbox);
  await worker.stop();
  expect(worker.failures).toEqual([]);
});

test.concurrent("a worker that is stopped while its database is opened ends", async () => {
  using outbox = tempOutbox();
  const address = `127.0.0.1:${await freePort()}`;
  const worker = startWorker(address, outbox, { entry: "slow-worker-program.ts" });
  let hasEnded = false;
  void worker.stop().then(() => {
    hasEnded = true;
  });
  await waitFor(() => hasEnded, { what: "the worker to end" });
  expect(worker.failures).toEqual([]);
});

test.concurrent("without a broker the worker tells its log and its status, and gives signs of life", async () => {
  using outbox = tempOutbox();
  const clock = { now: 1_000 };
  const address = `127.0.0.1:${await freePort()}`;
  await using worker = startWorker(address, outbox, { clock: () => clock.now });
  expect([worker.status(), worker.silentFor()]).toEqual([undefined, 0]);
  clock.now = 5_000;
  await waitFor(() => worker.silentFor() === 0, { what: "a sign of life" });
  await waitFor(() => worker.lines[0] ?? worker.failures[0], { what: "the worker to say so" });
  await worker.stop();
  const silentBefore = worker.silentFor();
  clock.now += 7_000;
  expect(worker.silentFor()).toBe(silentBefore + 7_000);
  expect(worker.status()).toMatchObject({ broker: "down", published: 0, sinceAckMs: null });
  expect(worker.lines).toMatchObject([
    { level: "warn", fields: { component: "outbox", code: "BROKER_UNAVAILABLE" } },
  ]);
});

test.concurrent("a worker that the broker does not let in says once which setting to look at", async () => {
  await using broker = await startBroker();
  using outbox = tempOutbox();
  outbox.append(["a"]);
  const settings = { security: { tls: {} }, backoffCapMs: 20 };
  await using worker = startWorker(broker.kafkaHost, outbox, settings);
  await waitFor(() => (worker.status()?.failures ?? 0) >= 3, { what: "three attempts" });
  expect(worker.status()).toMatchObject({ broker: "down", published: 0 });
  expect(worker.lines).toEqual([
    {
      level: "warn",
      fields: expect.objectContaining({ code: "BROKER_TLS_FAILED" }),
      message: expect.stringContaining("see KAFKA_SECURITY_PROTOCOL"),
    },
  ]);
});

test.concurrent("a worker that may not create topics names the command that does", async () => {
  await using broker = await startBroker();
  using outbox = tempOutbox();
  outbox.append(["a"]);
  await using worker = startWorker(broker.kafkaHost, outbox, { createTopics: false });
  await waitFor(() => worker.lines[0], { what: "the worker to say so" });
  expect(worker.lines).toMatchObject([
    {
      fields: { code: "TOPIC_MISSING" },
      message: expect.stringContaining(`${outbox.topic}; "bun run outbox topics" creates them`),
    },
  ]);
});

test.concurrent("a worker that dies is reported once, and stopping it then is harmless", async () => {
  await using broker = await startBroker();
  using outbox = tempOutbox();
  outbox.append(["a"]);
  await using worker = startWorker(broker.kafkaHost, outbox, { entry: "dying-worker-program.ts" });
  await waitFor(allPublished(outbox), { what: "the first row" });
  worker.wake();
  await waitFor(() => worker.failures.length > 0, { what: "the failure" });
  await worker.stop();
  expect(worker.failures.map(({ code, message }) => [code, message])).toEqual([
    ["WORKER_FAILED", expect.stringContaining("out of memory")],
  ]);
});

test.concurrent("a worker that cannot open its database, or has no entry file, is reported", async () => {
  using dir = tempDir();
  const nowhere = `127.0.0.1:${await freePort()}`;
  for (const worker of [
    startWorker(nowhere, { path: dir.path, topic: "t" }),
    startWorker(nowhere, { path: dir.join("a.db"), topic: "t" }, { entry: "no-such-file.ts" }),
  ]) {
    await waitFor(() => worker.failures.length > 0, { what: "the failure" });
    await worker.stop();
    expect(worker.failures.map((error) => isAppError(error, "WORKER_FAILED"))).toEqual([true]);
  }
});

test.concurrent("a process whose worker has stopped can end", async () => {
  await using broker = await startBroker();
  using outbox = tempOutbox();
  outbox.append(["a"]);
  const entry = `${import.meta.dir}/worker-host-program.ts`;
  const command = [process.execPath, entry, broker.kafkaHost, outbox.topic, outbox.path];
  await using host = startProcess(command);
  expect(await host.exited).toBe(0);
  expect(host.lines.at(-1)).toBe("stopped");
  expect(await publishedIds(broker.kafkaHost, outbox.topic)).toEqual([[1]]);
});

test.concurrent("a worker that follows a killed one publishes at once, and says whose place it took", async () => {
  await using broker = await startBroker();
  using outbox = tempOutbox();
  outbox.append(["a"]);
  const entry = `${import.meta.dir}/worker-host-program.ts`;
  const command = [process.execPath, entry, broker.kafkaHost, outbox.topic, outbox.path, "stay"];
  await using host = startProcess(command);
  await host.waitForLine("published");
  host.kill("SIGKILL");
  await host.exited;
  outbox.append(["b"]);
  await using worker = startWorker(broker.kafkaHost, outbox);
  // The dead one's lease has most of its 40 s left.
  await waitFor(allPublished(outbox), { what: "the row that it left" });
  expect(worker.lines.map(({ message, fields }) => [message, fields])).toContainEqual([
    "took over from a worker that is gone or hangs",
    expect.objectContaining({ pid: host.pid }),
  ]);
  expect(readdirSync(dirname(outbox.path)).filter((name) => name.includes("-relay-"))).toHaveLength(
    1,
  );
});

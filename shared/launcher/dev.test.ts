import { expect, test } from "bun:test";
import { createServer } from "node:net";
import { isRunning, startProcess, waitFor } from "@order-outbox/testing";
import { countFailure, restartDelay } from "./backoff.ts";
import { readyBanner } from "./banner.ts";
import { superviseChild } from "./child.ts";
import { prefixedOutput } from "./output.ts";
import { type ChildPlan, planChildren } from "./plan.ts";
import { findTakenPorts } from "./ports.ts";
import { type DevSettings, readSettings } from "./settings.ts";

function settingsOf(env: Record<string, string>): DevSettings {
  const settings = readSettings(env);
  if (Array.isArray(settings)) throw new Error(settings.join("; "));
  return settings;
}

const options = { root: "/repo", bun: "bun", watch: false, topics: { order_created: 6 } };

test("without settings everything has its default place", () => {
  const plans = planChildren(settingsOf({}), options);
  expect(plans.map(({ name }) => name)).toEqual([
    "order-service",
    "payment-service",
    "notification-service",
    "broker",
  ]);
  expect(plans[0]).toEqual({
    name: "order-service",
    command: ["bun", "/repo/services/order-service/src/main.ts"],
    env: {
      PORT: "3001",
      KAFKA_HOST: "127.0.0.1:9092",
      DATABASE_PATH: "/repo/.data/orders.db",
    },
    healthUrl: "http://127.0.0.1:3001/health",
    url: "http://localhost:3001/api/orders",
  });
  expect(plans[3]?.command.slice(1).join(" ")).toBe(
    "/repo/scripts/broker.ts --port 9092 --data /repo/.data/broker --topic order_created:6",
  );
});

test("brokers of one's own are used instead of the embedded one", () => {
  const plans = planChildren(settingsOf({ KAFKA_HOST: "a:1,b:2", DATA_DIR: "/d" }), options);
  expect(plans.map(({ env }) => env.KAFKA_HOST)).toEqual(["a:1,b:2", "a:1,b:2", "a:1,b:2"]);
  expect(plans[2]?.env.DATABASE_PATH).toBe("/d/notifications.db");
});

test("everything wrong with the settings is said at once", () => {
  expect(
    readSettings({ ORDER_PORT: "0", PAYMENT_PORT: "x", BROKER_PORT: "3003", KAFKA_HOST: "" }),
  ).toEqual([
    'ORDER_PORT must be a port from 1 to 65535; it is "0"',
    'PAYMENT_PORT must be a port from 1 to 65535; it is "x"',
    "KAFKA_HOST must be host:port or unset; it is empty",
    "NOTIFICATION_PORT and BROKER_PORT are both 3003",
  ]);
});

test("each taken port is named with the setting that changes it", async () => {
  const server = createServer();
  const { promise: listening, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await listening;
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const settings = settingsOf({ PAYMENT_PORT: String(port) });
  const problem = `port ${port} is in use: set PAYMENT_PORT to another one`;
  expect(await findTakenPorts(settings)).toContain(problem);
  await new Promise((closed) => server.close(closed));
  expect(await findTakenPorts(settings)).not.toContain(problem);
});

test("lines are prefixed, and a log line does not name its service a second time", () => {
  const written: string[] = [];
  const names = ["order-service", "broker"];
  const write = (text: string) => void written.push(text);
  const plain = prefixedOutput(names, { color: false, write });
  plain.line("order-service", "12:00:00.000Z INFO  order-service order accepted orderId=1");
  plain.line(
    "order-service",
    "\u001b[2m12:00:00.000Z\u001b[0m \u001b[32mINFO \u001b[0m order-service ready",
  );
  plain.line("broker", "The broker could not start: no room");
  plain.line("broker", "\u001b[2Ja \u009b31mtopic");
  prefixedOutput(names, { color: true, write }).line("broker", "listening");
  expect(written).toEqual([
    "order-service | 12:00:00.000Z INFO  order accepted orderId=1\n",
    "order-service | \u001b[2m12:00:00.000Z\u001b[0m \u001b[32mINFO \u001b[0m ready\n",
    "broker        | The broker could not start: no room\n",
    "broker        | \\u001b[2Ja \\u009b31mtopic\n",
    "\u001b[35mbroker        |\u001b[0m listening\n",
  ]);
});

test("the banner has every address and an order to try", () => {
  const settings = settingsOf({ ORDER_PORT: "4001" });
  const banner = readyBanner(planChildren(settings, options), settings, 912);
  expect(banner).toContain("Ready after 0.9 s. The data is in .data.");
  expect(banner).toContain("order-service         http://localhost:4001/api/orders");
  expect(banner).toContain("broker                127.0.0.1:9092");
  expect(banner).toContain("curl -i localhost:4001/api/orders ");
  expect(banner).toContain("http :4001/api/orders customerId=alice amount:=99.99");
});

test("a process that keeps ending is started ever more slowly, up to a limit", () => {
  const delays = [1, 2, 3, 4, 5, 6, 7, 20].map(restartDelay);
  expect(delays).toEqual([250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
  expect(countFailure(6, 100)).toBe(7);
  expect(countFailure(6, 60_000)).toBe(1);
});

function supervise(script: string) {
  const events: string[] = [];
  const plan: ChildPlan = { name: "child", command: ["bun", "-e", script], env: {}, url: "" };
  const child = superviseChild(plan, process.env, {
    line: (text) => events.push(text),
    ended: (how, delayMs) => events.push(`ended ${how} ${delayMs}`),
    misconfigured: () => events.push("misconfigured"),
  });
  return { events, child };
}

test("a child that ends is started again, until it is stopped", async () => {
  const { events, child } = supervise(
    "console.log('up'); if (Math.random() >= 0) process.exit(3);",
  );
  await waitFor(() => events.filter((event) => event === "up").length === 2, {
    what: "two starts",
  });
  expect(events.slice(0, 2)).toEqual(["up", "ended exit code 3 250"]);
  await child.stop();
  await waitFor(() => !child.isRunning(), { what: "the end" });
});

test("a child that is stopped stays stopped", async () => {
  const { events, child } = supervise("console.log('up'); setInterval(() => {}, 1000);");
  await waitFor(() => events.includes("up"), { what: "the start" });
  await child.stop();
  await waitFor(() => !child.isRunning(), { what: "the end" });
  expect(events).toEqual(["up"]);
});

test("a child with wrong settings is not started again", async () => {
  const { events } = supervise("console.error('PORT is wrong'); process.exit(78)");
  await waitFor(() => events.includes("misconfigured"), { what: "the verdict" });
  expect(events).toEqual(["PORT is wrong", "misconfigured"]);
});

test("a child is told by its standard input that this program was killed", async () => {
  const script = `
    import { superviseChild } from ${JSON.stringify(`${import.meta.dir}/child.ts`)};
    const child = "console.log('child', process.pid); process.stdin.on('end', () => process.exit(0)).resume();";
    superviseChild({ name: "c", command: [process.execPath, "-e", child], env: {}, url: "" }, process.env, {
      line: console.log, ended() {}, misconfigured() {},
    });`;
  await using parent = startProcess([process.execPath, "-e", script]);
  const pid = Number((await parent.waitForLine("child ")).split(" ")[1]);
  expect(isRunning(pid)).toBe(true);
  parent.kill("SIGKILL");
  await waitFor(() => !isRunning(pid), { what: "the child to be gone" });
});

test.each([
  ["ends with the package runner that started it", "start"],
  ["outlives its shell when it was started by hand", undefined],
] as const)("the start script %s", async (_, npm_lifecycle_event) => {
  const script = `
    import { onRunnerExit } from ${JSON.stringify(`${import.meta.dir}/package-runner.ts`)};
    onRunnerExit(() => { console.log("without a runner"); process.exit(0); });
    setInterval(() => { if (process.ppid !== parent) console.log("without a parent"); }, 100);
    const parent = process.ppid;
    console.log("child", process.pid);`;
  await using shell = startProcess(["sh", "-c", '"$0" -e "$1"; true', process.execPath, script], {
    env: { npm_lifecycle_event },
  });
  const pid = Number((await shell.waitForLine("child ")).split(" ")[1]);
  shell.kill("SIGKILL");
  if (npm_lifecycle_event !== undefined) {
    await waitFor(() => !isRunning(pid), { what: "the child to be gone" });
  } else {
    await waitFor(() => shell.lines.filter((line) => line === "without a parent").length > 15, {
      what: "more than a second",
    });
  }
  expect(isRunning(pid)).toBe(npm_lifecycle_event === undefined);
});

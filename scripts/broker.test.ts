import { expect, test } from "bun:test";
import { createServer } from "node:net";
import { join } from "node:path";
import { createKafkaClient } from "@order-outbox/kafka";
import { brokersOf, KafkaConfig, loadConfig } from "@order-outbox/service-kit";
import { startProcess, tempDir } from "@order-outbox/testing";
import { Kafka, logLevel } from "kafkajs";

const SCRIPT = join(import.meta.dir, "broker.ts");

function broker(...args: string[]) {
  return startProcess(["bun", SCRIPT, ...args]);
}

/** Exit code and output of a broker that does not stay. */
async function outcome(...args: string[]) {
  await using child = broker(...args);
  const code = await child.exited;
  await child.waitForLine(/./);
  return { code, output: child.lines.join("\n") };
}

test("the broker says where it is and what it has, serves, and stops cleanly on a signal", async () => {
  using folder = tempDir();
  const data = folder.join("broker");
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    await using child = broker(
      "--port",
      "0",
      "--data",
      data,
      "--topic",
      "orders:3",
      "--topic",
      "x:1",
    );
    const line = await child.waitForLine("listening");
    await child.waitForLine("topics: orders:3 x:1");
    await child.waitForLine(`data: ${data}`);
    const address = line.split(" ").at(-1) ?? "";
    const admin = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    expect((await admin.listTopics()).toSorted()).toEqual(["orders", "x"]);
    await admin.disconnect();
    child.kill(signal);
    expect(await child.exited).toBe(0);
  }
});

test("a broker on IPv6 names an address that clients and services accept", async () => {
  await using child = broker("--port", "0", "--host", "::1", "--memory", "--topic", "orders:1");
  const line = await child.waitForLine("listening");
  const address = line.split(" ").at(-1) ?? "";
  expect(address).toMatch(/^\[::1\]:\d+$/);
  const { kafkajs } = createKafkaClient({
    brokers: brokersOf(
      loadConfig(KafkaConfig, { KAFKA_HOST: address }, { service: "s" }).KAFKA_HOST,
    ),
    clientId: "c",
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  const admin = kafkajs.admin();
  await admin.connect();
  expect(await admin.listTopics()).toEqual(["orders"]);
  await admin.disconnect();
});

test("a taken port is named, with the way to another one", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  const { code, output } = await outcome("--memory", "--port", String(port));
  expect(code).toBe(1);
  expect(output).toContain(`Port ${port} on 127.0.0.1 is already in use`);
  expect(output).toContain("--port");
  server.close();
});

test.each([
  [["--port", "99999"], '--port must be a number from 0 to 65535, not "99999".'],
  [["--topic", "orders"], '"orders" is not of the form NAME:PARTITIONS.'],
  [["--topic", "orders:many"], "The partitions of orders must be a number"],
  [["--topic", "a b:1"], '"a b" is not a topic name'],
  [["--advertise", "nowhere"], '"nowhere" is not of the form HOST:PORT.'],
  [["--colour"], "--colour"],
  [["--memory", "--data", "x"], "either --memory or --data"],
  [["--data", ""], "it is empty"],
  [["--memory", "--topic", "a:1", "--topic", "a:2"], "The topic a is named twice."],
  [["--memory", "--host", "999.1.1.1"], "This machine has no address 999.1.1.1."],
  [["now"], "Unexpected argument 'now'"],
])("bad arguments are explained without a stack: %p", async (args, message) => {
  const { code, output } = await outcome(...args);
  expect(code).toBe(78);
  expect(output).toContain(message);
  expect(output).not.toContain("    at ");
});

test("--help shows the options", async () => {
  const { code, output } = await outcome("--help");
  expect(code).toBe(0);
  expect(output).toContain("--advertise HOST:PORT");
});

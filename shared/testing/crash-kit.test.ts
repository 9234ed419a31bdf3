import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { EVENTS } from "@order-outbox/contracts";
import { encodeEvent, newEventId } from "@order-outbox/events";
import { INBOX_CRASH_POINTS } from "@order-outbox/inbox";
import { Kafka, logLevel, Partitioners } from "kafkajs";
import { crashTest, startBroker, startProcess, tempDir, uniqueName } from "./mod.ts";

/** The service of crash-kit-program.ts, a topic with one order for it, and a look at its database. */
async function openPoints() {
  await using opened = new AsyncDisposableStack();
  const topic = uniqueName("points");
  const group = uniqueName("points");
  const broker = opened.use(await startBroker());
  const folder = opened.use(tempDir());
  const database = folder.join("points.db");
  const kafka = new Kafka({ brokers: [broker.kafkaHost], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: 1 }] });
  await admin.disconnect();

  async function sendOrder(): Promise<void> {
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    const orderId = crypto.randomUUID();
    const event = encodeEvent(EVENTS, {
      id: newEventId(),
      type: "ORDER_CREATED",
      source: "/tests",
      time: new Date().toISOString(),
      subject: orderId,
      data: { orderId, customerId: "alice", amount: 5 },
    });
    // Twice, as a relay may do it.
    await producer.send({ topic, messages: [event, event] });
    await producer.disconnect();
  }
  function ask(sql: string): unknown {
    using db = new Database(database, { readonly: true });
    return db.query<{ value: unknown }, []>(sql).get()?.value;
  }
  const resources = opened.move();
  return {
    start: (env: Record<string, string>) =>
      startProcess(
        [
          process.execPath,
          join(import.meta.dir, "crash-kit-program.ts"),
          broker.kafkaHost,
          database,
          topic,
          group,
        ],
        { env },
      ),
    sendOrder,
    recovered: () => ask("SELECT nextOffset AS value FROM consumer_offsets") === 2,
    points: () => ask("SELECT points AS value FROM points WHERE customerId = 'alice'"),
    seen: () => ask("SELECT count(*) AS value FROM inbox"),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

const steps =
  process.env.PROOF === "full" ? ["received", "prepared", "inside", "committed"] : ["inside"];

for (const step of steps) {
  test.concurrent(`killed when an event is ${step}, a service of one's own gives its points once`, async () => {
    await using service = await openPoints();
    await crashTest({
      start: service.start,
      at: { channel: INBOX_CRASH_POINTS, step },
      act: service.sendOrder,
      recovered: service.recovered,
      invariants: {
        "the customer has ten points": () => service.points() === 10,
        "the event is known": () => expect(service.seen()).toBe(1),
      },
    });
  });
}

/** A process that tells two steps and then waits. */
const startSteps = (env: Record<string, string>) =>
  startProcess(
    [
      process.execPath,
      "-e",
      `const { channel } = require("node:diagnostics_channel");
       for (const step of ["first", "second"]) {
         console.log(step);
         channel("steps").publish({ step });
       }
       if (process.env.QUIT) process.exit(3);
       setInterval(() => {}, 1000);`,
    ],
    { env },
  );
const rest = { recovered: () => true, invariants: {} };

test.concurrent("the process does nothing after the step, and starts again without it", async () => {
  const seen: (readonly string[])[] = [];
  await crashTest({
    start(env) {
      const child = startSteps(env);
      seen.push(child.lines);
      return child;
    },
    at: { channel: "steps", step: "first" },
    recovered: () => seen[1]?.length === 2,
    invariants: {},
  });
  expect(seen).toEqual([["first"], ["first", "second"]]);
});

test.concurrent("a crash point survives a garbage collection before the program makes its channel", async () => {
  const tellLate = (env: Record<string, string>) =>
    startProcess(
      [
        process.execPath,
        "-e",
        `for (let i = 0; i < 20; i++) await Bun.sleep(1).then(() => Bun.gc(true));
         require("node:diagnostics_channel").channel("steps").publish({ step: "late" });`,
      ],
      { env },
    );
  await crashTest({ start: tellLate, at: { channel: "steps", step: "late" }, ...rest });
});

test.concurrent("a step that is never reached, and another end before it, are said", async () => {
  const at = { channel: "steps", step: "third", count: 2 };
  await expect(crashTest({ start: startSteps, at, ...rest, timeoutMs: 300 })).rejects.toThrow(
    "in vain for the process to come to steps:third, the 2th time",
  );
  const quit = (env: Record<string, string>) => startSteps({ ...env, QUIT: "1" });
  await expect(crashTest({ start: quit, at, ...rest })).rejects.toThrow(
    /it ended with 3 before steps:third[\s\S]*second/,
  );
});

test.concurrent("what the act throws counts unless the crash is why", async () => {
  const at = { channel: "steps", step: "second" };
  const act = async (child: { exited: Promise<number> }) => {
    await child.exited;
    throw new Error("connection lost");
  };
  await crashTest({ start: startSteps, at, act, ...rest });
  const useless = async () => {
    throw new Error("nothing to send");
  };
  const never = { channel: "steps", step: "third" };
  await expect(crashTest({ start: startSteps, at: never, act: useless, ...rest })).rejects.toThrow(
    "nothing to send",
  );
});

test.concurrent("every broken invariant is named, and a process that does not recover", async () => {
  const at = { channel: "steps", step: "first" };
  const broken = crashTest({
    start: startSteps,
    at,
    recovered: () => true,
    invariants: {
      "a is one": () => false,
      "b is two": () => expect(1).toBe(2),
      "c is fine": () => undefined,
    },
  });
  await expect(broken).rejects.toThrow(
    /after a crash at steps:first:\n {2}broken: a is one\n {2}broken: b is two: [\s\S]*Received/,
  );
  await expect(
    crashTest({ start: startSteps, at, recovered: () => false, invariants: {}, timeoutMs: 300 }),
  ).rejects.toThrow("to recover from a crash at steps:first");
});

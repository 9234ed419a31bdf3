import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import {
  freePort,
  isRunning,
  namedPipe,
  startProcess,
  tempDir,
  waitFor,
} from "@order-outbox/testing";

const START = [process.execPath, join(import.meta.dir, "../dev.ts")];
const fullProof = process.env.PROOF === "full";
/** util-linux's, which gives a command a terminal of its own; the macOS one has other arguments. */
const hasTerminals = process.platform === "linux" && Bun.which("script") !== null;
if (!hasTerminals) console.log("script is not installed: no terminal is closed");

/** The whole system by its start script, in a folder of its own. */
async function start(command: readonly string[], output?: number) {
  await using started = new AsyncDisposableStack();
  const dir = started.use(tempDir());
  const ports = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  const [order, payment, notification, broker] = ports.map(String);
  const script = started.use(
    startProcess(command, {
      ...(output === undefined ? {} : { output }),
      env: {
        ORDER_PORT: order,
        PAYMENT_PORT: payment,
        NOTIFICATION_PORT: notification,
        BROKER_PORT: broker,
        DATA_DIR: dir.path,
        KAFKA_HOST: undefined,
        ORDER_OUTBOX_PARENT_PIPE: undefined,
        npm_lifecycle_event: undefined,
      },
    }),
  );
  for (const port of ports.slice(0, 3)) {
    await waitFor(async () => (await fetch(`http://127.0.0.1:${port}/health`)).ok, {
      what: "a service",
      timeoutMs: 40_000,
    });
  }
  const children = descendantsOf(script.pid);
  // They are in groups of their own, and stay when a test fails.
  started.defer(() => {
    for (const pid of children.filter(isRunning)) process.kill(pid, "SIGKILL");
  });
  const resources = started.move();
  return {
    script,
    children,
    /** One order; the status of its answer. */
    async order(): Promise<number> {
      const response = await fetch(`http://127.0.0.1:${order}/api/orders`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ customerId: "alice", amount: 1 }),
      });
      await response.arrayBuffer();
      return response.status;
    },
    /** The files of a WAL that was not folded in: its process did not end in order. */
    leftOpen: () => readdirSync(dir.path).filter((name) => name.endsWith("-wal")),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function descendantsOf(parent: number): number[] {
  const { stdout } = Bun.spawnSync(["ps", "-A", "-o", "pid=,ppid="]);
  const pairs = stdout
    .toString()
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  const children = pairs.flatMap(([pid = 0, ppid]) => (ppid === parent ? [pid] : []));
  return children.flatMap((pid) => [pid, ...descendantsOf(pid)]);
}

async function expectAllGone({ children, leftOpen }: Awaited<ReturnType<typeof start>>) {
  await waitFor(() => !children.some(isRunning), { what: "the end of all" });
  expect(leftOpen()).toEqual([]);
}

test.concurrent("when the start script is killed, all that it started ends in order", async () => {
  await using system = await start(START);
  expect(await system.order()).toBe(201);
  system.script.kill("SIGKILL");
  await expectAllGone(system);
});

test
  .skipIf(!hasTerminals)
  .concurrent(
    "when its terminal is closed, the start script ends, and all else in order",
    async () => {
      await using system = await start(["script", "-qfc", START.join(" "), "/dev/null"]);
      expect(await system.order()).toBe(201);
      system.script.kill("SIGKILL");
      await expectAllGone(system);
    },
  );

test.skipIf(!fullProof).concurrent.each(["is gone after three lines", "stalls"])(
  "orders go on when the reader of the start script %s, and all ends in order",
  async (how) => {
    using pipe = namedPipe();
    await using system = await start(START, pipe.writer);
    if (how === "stalls") pipe.fill();
    else pipe.closeReader();
    for (let n = 0; n < 500; n++) expect(await system.order()).toBe(201);
    system.script.kill("SIGTERM");
    expect(await system.script.exited).toBe(0);
    await expectAllGone(system);
  },
);

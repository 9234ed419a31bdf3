import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import {
  freePort,
  isRunning,
  namedPipe,
  REPOSITORY,
  startProcess,
  tempDir,
  waitFor,
} from "@order-outbox/testing";

const START = [process.execPath, join(REPOSITORY, "scripts/dev.ts")];
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
    /** A hundred orders a second, until nobody listens any more; the statuses of all answers. */
    async order(): Promise<number[]> {
      const answers: Promise<number | undefined>[] = [];
      let going = true;
      while (going) {
        const answer = postOrder(`http://127.0.0.1:${order}/api/orders`);
        void answer.then((status) => {
          if (status === undefined) going = false;
        });
        answers.push(answer);
        await Bun.sleep(10);
      }
      return (await Promise.all(answers)).filter((status) => status !== undefined);
    },
    /** How many orders are stored. */
    stored(): number {
      using db = new Database(dir.join("orders.db"), { readonly: true });
      return db.query<{ n: number }, []>("SELECT count(*) AS n FROM orders").get()?.n ?? 0;
    },
    /** The files of a WAL that was not folded in: its process did not end in order. */
    leftOpen: () => readdirSync(dir.path).filter((name) => name.endsWith("-wal")),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** The status of the answer; undefined when there was none. */
async function postOrder(url: string): Promise<number | undefined> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ customerId: "alice", amount: 1 }),
    });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return undefined;
  }
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

/** Ends the start script under load: no order is refused, and what was accepted is there. */
async function expectOrderlyEnd(
  system: Awaited<ReturnType<typeof start>>,
  end: () => void,
  afterMs = 300,
): Promise<void> {
  const { children, order, stored, leftOpen } = system;
  const statuses = order();
  await Bun.sleep(afterMs);
  end();
  await waitFor(() => !children.some(isRunning), { what: "the end of all" });
  const accepted = await statuses;
  expect(leftOpen()).toEqual([]);
  expect(accepted.filter((status) => status !== 201)).toEqual([]);
  expect(accepted.length).toBeGreaterThan(0);
  expect(stored()).toBeGreaterThanOrEqual(accepted.length);
}

test.concurrent("when the start script is killed, all that it started ends in order", async () => {
  await using system = await start(START);
  await expectOrderlyEnd(system, () => system.script.kill("SIGKILL"));
});

test
  .skipIf(!hasTerminals)
  .concurrent(
    "when its terminal is closed, the start script ends, and all else in order",
    async () => {
      await using system = await start(["script", "-qfc", START.join(" "), "/dev/null"]);
      await expectOrderlyEnd(system, () => system.script.kill("SIGKILL"));
    },
  );

test.skipIf(!fullProof).concurrent.each(["is gone", "stalls"])(
  "orders go on when the reader of the start script %s, and all ends in order",
  async (how) => {
    using pipe = namedPipe();
    await using system = await start(START, pipe.writer);
    if (how === "stalls") pipe.fill();
    else pipe.closeReader();
    await expectOrderlyEnd(system, () => system.script.kill("SIGTERM"), 60_000);
    expect(await system.script.exited).toBe(0);
  },
);

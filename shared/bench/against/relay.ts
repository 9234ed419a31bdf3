import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cpuSecondsOf } from "../cpu.ts";
import { measureDrain, waitUntilPublished } from "../drain.ts";
import { lookUp, startService } from "../services.ts";
import { runLoad } from "../tools.ts";
import type { Measure, Side } from "./pairs.ts";
import { type AgainstContext, inOrder, type Tree } from "./sides.ts";

const DRAIN_MS = 120_000;
const RATE: Measure = { name: "relay", unit: "events/s", better: "more" };
const CPU: Measure = { name: "relay, processor time", unit: "µs/event", better: "less" };

/** Databases with a backlog, one that each tree made itself. */
export type Backlogs = Record<Side, { file: string; rows: number }>;

/** Lets each tree take orders with no broker in sight. */
export async function makeBacklogs(context: AgainstContext): Promise<Backlogs> {
  const { trees } = context;
  return {
    this: await makeBacklog(context, trees.this),
    other: await makeBacklog(context, trees.other),
  };
}

async function makeBacklog(context: AgainstContext, { side, root }: Tree) {
  const { folder, quick, signal, progress } = context;
  progress.step(`a backlog for ${side}`);
  const own = join(folder, `backlog-${side}`);
  mkdirSync(own);
  const file = join(own, "orders.db");
  {
    await using service = await startService("order-service", {
      folder: own,
      kafkaHost: "127.0.0.1:1",
      root,
    });
    const count = quick ? 20_000 : 50_000;
    await runLoad(
      { port: service.port, connections: 64, warmupSeconds: 0, seconds: 120, count },
      signal,
    );
  }
  return { file, rows: lookUp(file, "SELECT count(*) FROM outbox WHERE isPublished = 0") };
}

/** Publishing a backlog, from the first mark to the last. */
export async function compareRelay(
  context: AgainstContext,
  backlogs: Backlogs,
  round: number,
): Promise<void> {
  const { folder, signal, progress, recorder } = context;
  for (const { side, root, broker } of inOrder(context, round)) {
    progress.step(side);
    await broker.reset();
    const own = join(folder, `relay-${side}-${round}`);
    mkdirSync(own);
    const database = join(own, "orders.db");
    copyFileSync(backlogs[side].file, database);
    {
      await using service = await startService("order-service", {
        folder: own,
        kafkaHost: broker.kafkaHost,
        root,
      });
      await waitUntilPublished(database, DRAIN_MS, signal);
      recorder.add(CPU, side, (cpuSecondsOf(service.pid) / backlogs[side].rows) * 1e6);
    }
    recorder.add(RATE, side, measureDrain(database).rate);
    rmSync(own, { recursive: true, force: true });
  }
}

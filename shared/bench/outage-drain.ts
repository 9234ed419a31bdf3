import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { countBacklog, waitUntilDone } from "./backlog.ts";
import { waitUntilPublished } from "./drain.ts";
import type { Recorder } from "./figures.ts";
import type { BenchContext } from "./part.ts";
import { startServices } from "./services.ts";
import { runLoad } from "./tools.ts";

export const OUTAGE_TABLE = "After an outage of the broker";
const CONNECTIONS = 64;
const WARMUP_ORDERS = 2_000;
const DRAIN_MS = 180_000;

/** Kills the broker, takes orders, starts it again and waits until everything is done. */
export async function outageDrain(context: BenchContext, recorder: Recorder): Promise<void> {
  const { broker, quick, signal, progress } = context;
  const { killable } = broker;
  if (killable === undefined) {
    recorder.note("The outage was not measured: this broker is not ours to stop.");
    return;
  }
  const orders = quick ? 5_000 : 50_000;
  const row = `${orders.toLocaleString("en-US")} orders that came in meanwhile`;
  progress.step(row);
  const folder = join(context.folder, "outage");
  mkdirSync(folder);
  await broker.reset();
  await using system = await startServices({ folder, kafkaHost: broker.kafkaHost });
  using counter = countBacklog(system);
  const send = (count: number) =>
    runLoad(
      { port: system.order.port, connections: CONNECTIONS, warmupSeconds: 0, seconds: 300, count },
      signal,
    );
  await send(WARMUP_ORDERS);
  await waitUntilDone(counter, DRAIN_MS, signal);

  await killable.kill();
  const startedAt = performance.now();
  await send(orders).finally(() => killable.start());
  recorder.add(OUTAGE_TABLE, row, "outage s", (performance.now() - startedAt) / 1000);
  const backAt = performance.now();
  const elapsed = () => (performance.now() - backAt) / 1000;
  await waitUntilPublished(system.order.databasePath, DRAIN_MS, signal);
  recorder.add(OUTAGE_TABLE, row, "published after s", elapsed());
  recorder.add(OUTAGE_TABLE, row, "events/s published", orders / elapsed());
  if ((await waitUntilDone(counter, DRAIN_MS, signal)) === undefined) {
    throw new Error("after the outage, orders were still on their way");
  }
  recorder.add(OUTAGE_TABLE, row, "all done after s", elapsed());
  recorder.add(OUTAGE_TABLE, row, "orders/s done", orders / elapsed());
}

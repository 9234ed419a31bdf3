import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cpuSecondsOf } from "../cpu.ts";
import { type RunningService, startService } from "../services.ts";
import { runLoad } from "../tools.ts";
import type { Measure, Side } from "./pairs.ts";
import { type AgainstContext, inOrder, slices } from "./sides.ts";

const CONNECTIONS = 64;
const UNREACHABLE = "127.0.0.1:1";

const RATE: Measure = { name: "intake", unit: "orders/s", better: "more" };
const WITH_KEYS: Measure = { name: "intake, a key each", unit: "orders/s", better: "more" };
const CPU: Measure = { name: "intake, processor time", unit: "µs/order", better: "less" };
const CPU_WITH_KEYS: Measure = { ...CPU, name: "intake, a key each, processor time" };

/** Orders taken by one order-service with its relay off, without and with idempotency keys. */
export async function compareIntake(context: AgainstContext, round: number): Promise<void> {
  const { folder, progress, quick, recorder } = context;
  const own = join(folder, `intake-${round}`);
  await using running = new AsyncDisposableStack();
  const services = new Map<Side, RunningService>();
  for (const { side, root } of inOrder(context, round)) {
    const place = join(own, side);
    mkdirSync(place, { recursive: true });
    const env = { OUTBOX_BACKOFF_MAX_MS: "600000" };
    const started = startService("order-service", {
      folder: place,
      kafkaHost: UNREACHABLE,
      env,
      root,
    });
    services.set(side, running.use(await started));
  }
  const seconds = quick ? 1.2 : 2;
  for (const [side, service] of services) {
    progress.step(`warming up ${side}`);
    await load(context, service, 2, false);
    await load(context, service, 1, true);
  }
  for (const keys of [false, true]) {
    const sums = {
      this: { orders: 0, seconds: 0, cpu: 0 },
      other: { orders: 0, seconds: 0, cpu: 0 },
    };
    for (const { side } of slices(context, round)) {
      const service = services.get(side) as RunningService;
      progress.step(`${side}${keys ? ", a key each" : ""}`);
      const before = cpuSecondsOf(service.pid);
      const result = await load(context, service, seconds, keys);
      sums[side].cpu += cpuSecondsOf(service.pid) - before;
      sums[side].orders += result.rate * result.seconds;
      sums[side].seconds += result.seconds;
    }
    for (const side of ["this", "other"] as const) {
      const { orders, seconds: took, cpu } = sums[side];
      recorder.add(keys ? WITH_KEYS : RATE, side, orders / took);
      recorder.add(keys ? CPU_WITH_KEYS : CPU, side, (cpu / orders) * 1e6);
    }
  }
  await running.disposeAsync();
  rmSync(own, { recursive: true, force: true });
}

async function load(
  { signal }: AgainstContext,
  { port }: RunningService,
  seconds: number,
  keys: boolean,
) {
  const plan = { port, connections: CONNECTIONS, warmupSeconds: 0, seconds, keys };
  const result = await runLoad(plan, signal);
  if (Object.keys(result.refused).length > 0) throw new Error("orders were refused");
  return result;
}

import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { startService } from "../services.ts";
import { timeFirstOrder, WHOLE } from "../start.ts";
import type { Measure } from "./pairs.ts";
import { type AgainstContext, slices } from "./sides.ts";

const ALONE: Measure = { name: "order-service to healthy", unit: "ms", better: "less" };
const FIRST: Measure = { name: WHOLE, unit: "ms", better: "less" };

/** From nothing to a healthy service, and to the first order of the whole system. */
export async function compareStart(context: AgainstContext, round: number): Promise<void> {
  const { folder, signal, progress, recorder } = context;
  const sums = { this: { alone: 0, whole: 0 }, other: { alone: 0, whole: 0 } };
  for (const [turn, { side, root, broker }] of slices(context, round).entries()) {
    progress.step(side);
    const own = join(folder, `start-${round}-${turn}`);
    mkdirSync(own);
    const startedAt = performance.now();
    {
      await using _service = await startService("order-service", {
        folder: own,
        kafkaHost: broker.kafkaHost,
        root,
      });
      sums[side].alone += performance.now() - startedAt;
    }
    sums[side].whole += await timeFirstOrder(root, join(own, "whole"), signal);
    rmSync(own, { recursive: true, force: true });
  }
  for (const side of ["this", "other"] as const) {
    recorder.add(ALONE, side, sums[side].alone / 2);
    recorder.add(FIRST, side, sums[side].whole / 2);
  }
}

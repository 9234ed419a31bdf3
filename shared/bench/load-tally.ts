import { writeFileSync } from "node:fs";
import type { HttpAnswer } from "./http-answer.ts";
import { IN_TIME_MS, type LoadPlan, type LoadResult, type RecordedOrder } from "./load-plan.ts";
import { percentilesOf } from "./stats.ts";

const CREATED = 201;

/** Counts answers while a load runs. */
export interface LoadTally {
  /** Starts the clock; gives the end of the measured time, on the clock of `performance.now()`. */
  begin(): number;
  /** Counts an answer that has just come; `since` is when its time began. */
  note(answer: HttpAnswer, bytes: Buffer, since: number): void;
  end(): void;
  result(): LoadResult;
}

/** A tally for a plan. What was sent in the warm-up, or answered after the end, is not measured. */
export function createTally(plan: LoadPlan): LoadTally {
  const latencies: number[] = [];
  const recorded: RecordedOrder[] = [];
  const refused: Record<string, number> = {};
  let accepted = 0;
  let inTime = 0;
  let from = 0;
  let until = 0;
  let endedAt = 0;
  let cpuAtStart: NodeJS.CpuUsage | undefined;
  let cpuUsed = 0;

  return {
    begin() {
      from = performance.now() + plan.warmupSeconds * 1000;
      until = from + plan.seconds * 1000;
      return until;
    },
    note({ status, bodyAt, end }, bytes, since) {
      const at = performance.now();
      if (at >= from && cpuAtStart === undefined) cpuAtStart = process.cpuUsage();
      if (status !== CREATED) {
        refused[status] = (refused[status] ?? 0) + 1;
        return;
      }
      accepted += 1;
      if (at - since <= IN_TIME_MS) inTime += 1;
      if (since < from || (at > until && plan.rate === undefined)) return;
      latencies.push(at - since);
      if (plan.record === undefined) return;
      const { orderId } = JSON.parse(bytes.toString("utf8", bodyAt, end)) as { orderId: string };
      recorded.push([orderId, performance.timeOrigin + at]);
    },
    end() {
      endedAt = Math.min(performance.now(), until);
      const { user, system } = process.cpuUsage(cpuAtStart);
      cpuUsed = (user + system) / 1e6;
      if (plan.record !== undefined) writeFileSync(plan.record, JSON.stringify(recorded));
    },
    result() {
      const seconds = (endedAt - from) / 1000;
      return {
        accepted,
        inTime,
        refused,
        rate: latencies.length / seconds,
        seconds,
        latency: percentilesOf(latencies),
        cpu: cpuUsed / seconds,
        cpuSeconds: cpuUsed,
      };
    },
  };
}

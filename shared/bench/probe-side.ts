import { writeFileSync } from "node:fs";
import { epochNow } from "./clock.ts";
import type { Sighting } from "./probe.ts";

/** A probe's own side. */
export interface ProbeSide<Plan> {
  readonly plan: Plan;
  /** Notes that an order was seen now, if it is the first time. */
  see(orderId: string): void;
  /** Says that it looks now. */
  ready(): void;
  /** Aborts when the bench wants to hear what was seen, or has died. */
  readonly ending: AbortSignal;
  /** Hands over what was seen, and ends the process. */
  finish(): never;
}

/** What a probe was started with, and how it tells what it saw. */
export function serveProbe<Plan extends object>(): ProbeSide<Plan> {
  const plan = JSON.parse(process.argv[2] ?? "{}") as Plan & { file: string };
  const seen = new Map<string, number>();
  const ending = new AbortController();
  process.stdin.on("end", () => ending.abort()).resume();
  return {
    plan,
    see(orderId) {
      if (!seen.has(orderId)) seen.set(orderId, epochNow());
    },
    ready: () => console.log("looking"),
    ending: ending.signal,
    finish() {
      const sightings: Sighting[] = [...seen];
      writeFileSync(plan.file, JSON.stringify(sightings));
      process.exit(0);
    },
  };
}

import { join } from "node:path";
import { REPOSITORY } from "@order-outbox/testing";
import { startBenchBroker } from "../broker.ts";
import { describeMachine, type Machine } from "../machine.ts";
import type { BenchOptions } from "../options.ts";
import { createProgress } from "../progress.ts";
import { toText } from "../table.ts";
import { compareIntake } from "./intake.ts";
import { writeOtherTree } from "./other-tree.ts";
import { type Compared, compare, createPairRecorder } from "./pairs.ts";
import { compareRelay, makeBacklogs } from "./relay.ts";
import { tooSlow, toRows } from "./report.ts";
import type { AgainstContext } from "./sides.ts";
import { compareStart } from "./start.ts";
import { compareSystems } from "./system.ts";

/** What a comparison found. */
export interface AgainstRun {
  machine: Machine;
  ref: string;
  commit: string;
  rounds: number;
  seconds: number;
  compared: Compared[];
  /** Names of what is slower than was allowed. */
  tooSlow: string[];
}

/**
 * Measures this tree beside the commit that `--against` names, both in turn within every round, so
 * that what the machine does meets both alike; only ratios of one round are compared. In each round
 * all processes are new: two starts of the same program differ by some percent for as long as they
 * live.
 */
export async function runAgainst(
  options: BenchOptions & { against: string },
  script: string,
  folder: string,
  signal: AbortSignal,
): Promise<AgainstRun> {
  const began = performance.now();
  const { parts, rounds, quick, against: ref, least } = options;
  console.log(`getting ${ref}`);
  const other = await writeOtherTree(ref, join(folder, "other"));
  const machine = describeMachine(folder);
  await using own = await startBenchBroker(options.broker, script, join(folder, "broker-this"));
  await using their = await startBenchBroker(options.broker, script, join(folder, "broker-other"));
  const context: AgainstContext = {
    trees: {
      this: { side: "this", root: REPOSITORY, broker: own },
      other: { side: "other", root: other.root, broker: their },
    },
    folder,
    rounds,
    quick,
    signal,
    progress: createProgress(),
    recorder: createPairRecorder(),
  };
  await runRounds(context, parts);
  const compared = context.recorder.pairs().map(compare);
  console.log(`\n${toText(toRows(compared, other.commit))}`);
  console.log("\nRatios above 1 are in favour of this tree.");
  const slow = least === undefined ? [] : tooSlow(compared, least).map(({ name }) => name);
  if (slow.length > 0) console.log(`below ${least}: ${slow.join("; ")}`);
  const seconds = (performance.now() - began) / 1000;
  return { machine, ref, commit: other.commit, rounds, seconds, compared, tooSlow: slow };
}

async function runRounds(context: AgainstContext, parts: BenchOptions["parts"]): Promise<void> {
  const { rounds, progress, signal } = context;
  const system = parts.filter((part) => part === "e2e" || part === "latency" || part === "idle");
  const backlogs = parts.includes("relay") ? await makeBacklogs(context) : undefined;
  for (let round = 0; round < rounds; round++) {
    signal.throwIfAborted();
    progress.begin(`round ${round + 1}`, 30);
    if (parts.includes("intake")) await compareIntake(context, round);
    if (backlogs !== undefined) await compareRelay(context, backlogs, round);
    if (system.length > 0) await compareSystems(context, system, round);
    if (parts.includes("start")) await compareStart(context, round);
    progress.end();
    console.log(`round ${round + 1} of ${rounds} is done`);
  }
}

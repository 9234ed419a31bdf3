import { existsSync, rmSync } from "node:fs";
import { tempDir } from "@order-outbox/testing";
import { abortOnSignals, INTERRUPTED, prepareReport } from "@order-outbox/tool-kit";
import { type Check, holds, someOf } from "./checks.ts";
import { judge } from "./judge.ts";
import { readOptions, USAGE } from "./options.ts";
import { writeReport } from "./report.ts";
import { runChaos } from "./run.ts";

const MISUSED = 2;
/** Starting, settling and counting take no longer than this on top of a run's minutes. */
const OVERTIME_MS = 180_000;

/** `bun run chaos`. */
export async function chaosCommand(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) {
    console.log(USAGE);
    return 0;
  }
  if (typeof options === "string") {
    console.error(`${options}\n(--help shows the options)`);
    return MISUSED;
  }
  const script = options.broker === "real" ? (process.env.REAL_KAFKA ?? "") : "";
  if (options.broker === "real" && !existsSync(script)) {
    console.error("--broker real needs a script that starts Apache Kafka in REAL_KAFKA");
    return MISUSED;
  }
  const unwritable = prepareReport("--report", options.report);
  if (unwritable !== undefined) {
    console.error(unwritable);
    return MISUSED;
  }

  const interrupted = abortOnSignals();
  const watchdog = setTimeout(
    () => {
      console.error("this run takes too long; ending it");
      process.exit(1);
    },
    options.minutes * 60_000 + OVERTIME_MS,
  );
  const folder = tempDir().path;
  console.log(`chaos for ${options.minutes} min, seed ${options.seed}, in ${folder}`);

  const run = await runChaos(options, folder, script, interrupted);
  clearTimeout(watchdog);
  if (run === undefined) {
    rmSync(folder, { recursive: true, force: true });
    console.log("stopped");
    return INTERRUPTED;
  }
  const checks = judge(run);
  if (options.report !== undefined) await Bun.write(options.report, writeReport(run, checks));
  const failed = showChecks(checks);
  for (const { name, leftOut } of run.faults)
    if (leftOut !== undefined) console.log(`left out: ${name}: ${leftOut}`);
  if (failed > 0) console.log(`seed ${options.seed}; databases and logs are in ${folder}`);
  else if (!options.keep) rmSync(folder, { recursive: true, force: true });
  if (options.report !== undefined) console.log(`report: ${options.report}`);
  console.log(`${checks.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

function showChecks(checks: readonly Check[]): number {
  for (const one of checks) {
    console.log(`${holds(one) ? "ok    " : "BROKEN"} ${one.name}`);
    for (const violation of someOf(one)) console.log(`         ${violation}`);
  }
  return checks.filter((one) => !holds(one)).length;
}

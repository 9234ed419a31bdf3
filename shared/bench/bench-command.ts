import { existsSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { REPOSITORY, tempDir } from "@order-outbox/testing";
import { abortOnSignals, cleanUpWith, INTERRUPTED, prepareReport } from "@order-outbox/tool-kit";
import { runAgainst } from "./against/run-against.ts";
import { startBenchBroker } from "./broker.ts";
import { describeMachine } from "./machine.ts";
import { type BenchOptions, readOptions, USAGE } from "./options.ts";
import { type BenchRun, factsOf, showVerdicts, writeReport } from "./report.ts";
import { runParts } from "./run-parts.ts";
import { toText } from "./table.ts";
import { TARGETS } from "./target-list.ts";
import { judgeTargets } from "./targets.ts";

const MISUSED = 2;

/** `bun run bench`. */
export async function benchCommand(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) {
    console.log(USAGE);
    return 0;
  }
  if (typeof options === "string") {
    console.error(`${options}\n(--help shows the options)`);
    return MISUSED;
  }
  const unwritable =
    prepareReport("--report", options.report) ?? prepareReport("--json", options.json);
  if (unwritable !== undefined) {
    console.error(unwritable);
    return MISUSED;
  }
  const script = resolve(process.env.REAL_KAFKA ?? join(REPOSITORY, "../shared/real-kafka/run"));
  if (options.broker === "real" && !existsSync(script)) {
    console.error("--broker real needs a script that starts Apache Kafka in REAL_KAFKA");
    return MISUSED;
  }

  const interrupted = abortOnSignals();
  const folder = tempDir().path;
  await using _cleanup = cleanUpWith(["rm", "-rf", folder]);
  try {
    const { against } = options;
    if (against !== undefined) {
      const compared = await runAgainst({ ...options, against }, script, folder, interrupted);
      await write(options.json, `${JSON.stringify(compared, null, 2)}\n`);
      return compared.tooSlow.length > 0 ? 1 : 0;
    }
    const run = await runBench(options, script, folder, interrupted);
    console.log(`\n${showVerdicts(run.verdicts)}`);
    await write(options.report, writeReport(run));
    await write(options.json, `${JSON.stringify(run, null, 2)}\n`);
    return run.results.some(({ failure }) => failure !== undefined) ? 1 : 0;
  } catch (error) {
    if (!interrupted.aborted) throw error;
    console.log("stopped");
    return INTERRUPTED;
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function runBench(
  options: BenchOptions,
  script: string,
  folder: string,
  signal: AbortSignal,
): Promise<BenchRun> {
  const startedAt = new Date().toISOString();
  const began = performance.now();
  const machine = describeMachine(folder);
  await using broker = await startBenchBroker(options.broker, script, folder);
  const run = {
    options,
    machine,
    broker: broker.kind,
    startedAt,
    seconds: 0,
    results: [],
    verdicts: [],
  };
  console.log(toText(factsOf(run).slice(0, -1)));
  const results = await runParts({ options, broker, folder, signal });
  return {
    ...run,
    seconds: (performance.now() - began) / 1000,
    results,
    verdicts: judgeTargets(
      TARGETS,
      results.flatMap(({ figures }) => figures),
    ),
  };
}

async function write(file: string | undefined, text: string): Promise<void> {
  if (file === undefined) return;
  await Bun.write(file, text);
  console.log(`written: ${file}`);
}

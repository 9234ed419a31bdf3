import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { findTest, namePattern } from "./declared-test.ts";
import { readJunit, type TestResult } from "./junit.ts";

/** What waits for something gives up before the test is ended: see `waitFor`. */
const LONGEST_WAIT_MS = "30000";
/** A test that takes longer is ended, and has noticed nothing. */
const TEST_MS = 120_000;
const START_MS = 30_000;

/**
 * Runs tests of one file in a tree, each in the form in which it is shortest: with `PROOF=full` those
 * that `bun run test` leaves out, and no others.
 *
 * @returns undefined when it had to be ended
 */
export async function runTests(
  root: string,
  file: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<TestResult[] | undefined> {
  const results: TestResult[] = [];
  const forms = Map.groupBy(names, (name) => findTest(root, file, name)?.needsFullProof === true);
  for (const [full, those] of forms) {
    const some = await runForm(root, file, those, full, signal);
    if (some === undefined) return undefined;
    results.push(...some);
  }
  return results;
}

async function runForm(
  root: string,
  file: string,
  names: readonly string[],
  full: boolean,
  signal: AbortSignal,
): Promise<TestResult[] | undefined> {
  const report = join(root, `junit-${crypto.randomUUID()}.xml`);
  const pattern = names.map((name) => `(?:${namePattern(name)})`).join("|");
  const { KAFKA_HOST: _, REAL_KAFKA: __, PROOF: ___, ...env } = process.env;
  const run = Bun.spawn(
    [
      ...["bun", "test", `./${file}`, "-t", pattern, "--timeout", String(TEST_MS)],
      ...["--reporter=junit", `--reporter-outfile=${report}`],
    ],
    {
      cwd: root,
      env: { ...env, LONGEST_WAIT_MS, ...(full ? { PROOF: "full" } : {}) },
      stdin: "ignore",
      stdout: "ignore",
      stderr: "ignore",
      detached: true,
    },
  );
  // What its tests start ends with it: see shared/testing/process-guard.ts.
  const end = () => run.kill("SIGKILL");
  const timer = setTimeout(end, START_MS + names.length * TEST_MS);
  signal.addEventListener("abort", end);
  await run.exited;
  clearTimeout(timer);
  signal.removeEventListener("abort", end);
  try {
    return readJunit(readFileSync(report, "utf8"));
  } catch {
    return run.signalCode === null ? [] : undefined;
  } finally {
    rmSync(report, { force: true });
  }
}

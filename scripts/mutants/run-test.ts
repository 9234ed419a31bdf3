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
 * Runs tests of one file in a tree.
 *
 * @returns undefined when it had to be ended
 */
export async function runTests(
  root: string,
  file: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<TestResult[] | undefined> {
  const full = names.some((name) => findTest(root, file, name)?.needsFullProof);
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

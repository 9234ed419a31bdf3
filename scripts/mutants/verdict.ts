import { namePattern } from "./declared-test.ts";
import type { TestResult } from "./junit.ts";

/** What became of a mutant, or of the test of one without any change. */
export type Verdict =
  /** The named test failed: by an expectation, by a wait of its own, or by an error of the product. */
  | { kind: "noticed"; how: string }
  | { kind: "survived"; why: string }
  /** Its test does not run here: it needs a mount, or a program that is not there. */
  | { kind: "untried" };

/** Why a mutant survived whose test saw nothing. */
export const PASSED = "its test passed";

/** What a verdict rests on. */
export const said = (verdict: Verdict): string =>
  verdict.kind === "noticed"
    ? verdict.how
    : verdict.kind === "survived"
      ? verdict.why
      : "its test does not run here";

/** Errors that say that the program is broken, whatever it promises: those prove nothing. */
const BROKEN_PROGRAM = /^(SyntaxError|ReferenceError|ResolveMessage|BuildMessage)$/;
const BROKEN_MODULE = /Cannot find (module|package)|is not defined|Export named/;

/**
 * Judges a run of one named test.
 *
 * @param results undefined when the run was ended from outside, before it could report
 */
export function judgeRun(name: string, results: readonly TestResult[] | undefined): Verdict {
  if (results === undefined) return survived("its test hung, and did not say so itself");
  const own = results.filter((result) => new RegExp(namePattern(name)).test(result.name));
  const ran = own.filter(({ outcome }) => outcome !== "skipped");
  if (own.length > 0 && ran.length === 0) return { kind: "untried" };
  if (ran.length === 0) return survived("its test did not run");
  const failed = ran.filter(({ outcome }) => outcome === "failed");
  if (failed.length === 0) return survived(PASSED);
  const failure = failed.find((result) => !isByAccident(result));
  if (failure !== undefined) return { kind: "noticed", how: firstLine(failure.message) };
  const [{ type, message } = { type: "", message: "" }] = failed;
  return survived(`its test only failed with ${type}: ${firstLine(message)}`);
}

const isByAccident = ({ type, message }: TestResult): boolean =>
  type === "TimeoutError" || BROKEN_PROGRAM.test(type) || BROKEN_MODULE.test(message);

const survived = (why: string): Verdict => ({ kind: "survived", why });

const firstLine = (text: string): string => text.split("\n", 1)[0] ?? "";

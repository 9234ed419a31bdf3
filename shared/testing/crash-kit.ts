import { crashAt } from "./crash-points.ts";
import type { TestProcess } from "./process.ts";
import { waitFor } from "./wait-for.ts";

/** A place in a process's work: the `count`-th time that it tells `step` on a diagnostics channel. */
export interface CrashPoint {
  /** Such as `INBOX_CRASH_POINTS` or `RELAY_CRASH_POINTS`, or a channel of your own. */
  channel: string;
  /** The `step` of the message that is published there. */
  step: string;
  /** 1 when left out. */
  count?: number;
}

/** A crash on purpose, and what has to be true after it. */
export interface CrashTest {
  /**
   * Starts the process, with these variables added to its environment; see `startProcess`. It must
   * not wait until the process is ready, because that may be later than the crash.
   */
  start(env: Record<string, string>): TestProcess | Promise<TestProcess>;
  /** Where the first process is killed, by itself with SIGKILL: nothing of it runs after the step. */
  at: CrashPoint;
  /**
   * Makes it come to the step: publishes an event, sends a request. It need not end, and what it
   * throws does not matter when the process dies where it should.
   */
  act?(process: TestProcess): Promise<unknown>;
  /** Whether the second process, which is started plainly, has done what there was to do. */
  recovered(process: TestProcess): boolean | Promise<boolean>;
  /** By a sentence each: throws or gives `false` when it does not hold. */
  invariants: Readonly<Record<string, () => unknown>>;
  /** Milliseconds to reach the step, and again to recover; 10,000 when left out. */
  timeoutMs?: number;
}

/** The exit code of a process that SIGKILL ended. */
const KILLED = 137;
const GRACE_MS = 500;

/**
 * Starts a process, lets it die at a step, starts it again, waits until it has recovered, and checks
 * the invariants.
 *
 * ```ts
 * for (const step of ["received", "prepared", "inside", "committed"]) {
 *   test(`killed when an event is ${step}, the points are given once`, () =>
 *     crashTest({
 *       start: (env) => startProcess(["bun", "my-service.ts"], { env }),
 *       at: { channel: INBOX_CRASH_POINTS, step },
 *       act: () => publish(event),
 *       recovered: () => nextOffset() === 1,
 *       invariants: { "the customer has ten points": () => points() === 10 },
 *     }));
 * }
 * ```
 *
 * Steps are told with `node:diagnostics_channel`, in the process or in a worker of it:
 * `channel("my-service.steps").publish({ step: "paid" })`.
 *
 * @throws Error when the step is not reached, when the process ends in another way, when it does not
 *   recover, or when invariants are broken: all of them, by their sentences
 */
export async function crashTest(plan: CrashTest): Promise<void> {
  const { at, timeoutMs = 10_000 } = plan;
  await crash(plan, timeoutMs);
  await using process = await plan.start({});
  await waitFor(() => plan.recovered(process), {
    what: `the process to recover from a crash at ${describe(at)}`,
    timeoutMs,
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}\n  ${tail(process)}`, { cause: error });
  });
  const broken = await findBroken(plan.invariants);
  if (broken.length === 0) return;
  throw new Error(`after a crash at ${describe(at)}:\n  ${broken.join("\n  ")}`);
}

async function crash({ start, at, act }: CrashTest, timeoutMs: number): Promise<void> {
  await using process = await start(crashAt(at.channel, at.step, at.count));
  let exitCode: number | undefined;
  void process.exited.then((code) => {
    exitCode = code;
  });
  let failure: { error: unknown; at: number } | undefined;
  void act?.(process).catch((error: unknown) => {
    failure = { error, at: performance.now() };
  });
  // A connection may break a little before the end of the process is known.
  const gaveUp = () => failure !== undefined && performance.now() - failure.at > GRACE_MS;
  await waitFor(() => exitCode !== undefined || gaveUp(), {
    what: `the process to come to ${describe(at)}`,
    timeoutMs,
  });
  if (exitCode === KILLED) return;
  if (failure !== undefined) throw failure.error;
  throw new Error(`it ended with ${exitCode} before ${describe(at)}:\n  ${tail(process)}`);
}

async function findBroken(invariants: CrashTest["invariants"]): Promise<string[]> {
  const broken: string[] = [];
  for (const [sentence, holds] of Object.entries(invariants)) {
    try {
      if ((await holds()) === false) broken.push(`broken: ${sentence}`);
    } catch (error) {
      broken.push(`broken: ${sentence}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return broken;
}

const describe = ({ channel, step, count = 1 }: CrashPoint): string =>
  `${channel}:${step}${count > 1 ? `, the ${count}th time` : ""}`;

const tail = ({ lines }: TestProcess): string => lines.slice(-20).join("\n  ");

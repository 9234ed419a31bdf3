import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { namedPipe, startProcess, tempDir, waitFor } from "@order-outbox/testing";

async function start(ending: string, { timeoutMs = 9_000, parentPipe = false } = {}) {
  const child = startProcess(
    ["bun", `${import.meta.dir}/shutdown-program.ts`, ending, String(timeoutMs)],
    parentPipe
      ? { stdin: "pipe", env: { ORDER_OUTBOX_PARENT_PIPE: "1" } }
      : { env: { ORDER_OUTBOX_PARENT_PIPE: undefined } },
  );
  await child.waitForLine("started");
  return child;
}

const stepsDone = (lines: readonly string[]) =>
  lines.flatMap((line) => /shutdown step done step=(\w+)/.exec(line)?.[1] ?? []);

test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
  "%s runs the steps in order and exits with 0",
  async (signal) => {
    await using child = await start("done");
    child.kill(signal);
    expect(await child.exited).toBe(0);
    await child.waitForLine("shut down ");
    expect(stepsDone(child.lines)).toEqual(["http", "timer", "database"]);
  },
);

test("a process that was started with nohup outlives its terminal", async () => {
  const program = `${import.meta.dir}/shutdown-program.ts`;
  await using child = startProcess(["nohup", "bun", program, "done", "9000"]);
  await child.waitForLine("started");
  child.kill("SIGHUP");
  // Time enough to end by it.
  await Bun.sleep(100);
  child.kill("SIGTERM");
  await child.exited;
  expect(await child.waitForLine("shutting down")).toContain("reason=SIGTERM");
});

test.concurrent.each([
  ["is stopped", "done", "SIGTERM", 0],
  ["is interrupted twice", "hangs", "SIGINT", 130],
  ["fails", "throws", undefined, 1],
  ["fails in a promise", "rejects", undefined, 1],
] as const)(
  "a process that %s ends, though nobody takes what it writes",
  async (_, ending, signal, exitCode) => {
    using dir = tempDir();
    using pipe = namedPipe();
    pipe.fill();
    const started = dir.join("started");
    await using child = startProcess(
      ["bun", `${import.meta.dir}/shutdown-program.ts`, ending, "9000", started],
      { output: pipe.writer },
    );
    await waitFor(() => existsSync(started), { what: "the start" });
    const resend = setInterval(() => signal && child.kill(signal), 200);
    expect(await child.exited).toBe(exitCode);
    clearInterval(resend);
  },
);

test("a Ctrl-C that arrives twice is one", async () => {
  await using child = await start("done");
  child.kill("SIGINT");
  child.kill("SIGINT");
  child.kill("SIGTERM");
  expect(await child.exited).toBe(0);
  expect(stepsDone(child.lines)).toEqual(["http", "timer", "database"]);
});

test("a second signal more than a second later exits at once", async () => {
  await using child = await start("hangs");
  child.kill("SIGINT");
  await child.waitForLine("shutting down");
  const resend = setInterval(() => child.kill("SIGINT"), 200);
  expect(await child.exited).toBe(130);
  clearInterval(resend);
});

test("a step that hangs is named when the time is over, and the exit code is 1", async () => {
  await using child = await start("hangs", { timeoutMs: 50 });
  child.kill();
  expect(await child.exited).toBe(1);
  expect(await child.waitForLine("took too long")).toContain("step=database");
});

test("a step that fails is logged, and the exit code is 1", async () => {
  await using child = await start("fails");
  child.kill();
  expect(await child.exited).toBe(1);
  expect(await child.waitForLine("step failed")).toContain("cannot close");
});

test("a step that fails keeps no other from running", async () => {
  await using child = await start("fails early");
  child.kill();
  expect(await child.exited).toBe(1);
  await child.waitForLine("shut down ");
  expect(stepsDone(child.lines)).toEqual(["timer", "database"]);
});

test("the process can ask for its own shutdown", async () => {
  await using child = await start("itself");
  expect(await child.exited).toBe(0);
  await child.waitForLine("the worker died");
});

test("the end of the parent's pipe is a signal", async () => {
  await using child = await start("done", { parentPipe: true });
  child.closeStdin();
  expect(await child.exited).toBe(0);
  await child.waitForLine("the parent process ended");
});

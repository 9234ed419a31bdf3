import { expect, test } from "bun:test";
import { startProcess } from "@order-outbox/testing";

async function start(ending: string, { timeoutMs = 9_000, parentPipe = false } = {}) {
  const child = startProcess(
    ["bun", `${import.meta.dir}/shutdown-fixture.ts`, ending, String(timeoutMs)],
    parentPipe
      ? { stdin: "pipe", env: { ORDER_OUTBOX_PARENT_PIPE: "1" } }
      : { env: { ORDER_OUTBOX_PARENT_PIPE: undefined } },
  );
  await child.waitForLine("started");
  return child;
}

const stepsDone = (lines: readonly string[]) =>
  lines.flatMap((line) => /shutdown step done step=(\w+)/.exec(line)?.[1] ?? []);

test.each(["SIGTERM", "SIGINT"] as const)(
  "%s runs the steps in order and exits with 0",
  async (signal) => {
    await using child = await start("done");
    child.kill(signal);
    expect(await child.exited).toBe(0);
    await child.waitForLine("shut down ");
    expect(stepsDone(child.lines)).toEqual(["http", "timer", "database"]);
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

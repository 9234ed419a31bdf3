import { expect, test } from "bun:test";
import { freePort, isRunning, pauseProcess, startProcess, tempDir, waitFor } from "./mod.ts";

test("waitFor returns what the condition gave, also when it threw before", async () => {
  let looks = 0;
  const value = await waitFor(
    () => {
      looks++;
      if (looks === 1) throw new Error("not yet");
      return looks > 2 ? `look ${looks}` : undefined;
    },
    { what: "the third look" },
  );
  expect(value).toBe("look 3");
});

test("waitFor says what it waited for and what it saw last", async () => {
  const failure = waitFor(() => 0, { what: "a payment", timeoutMs: 20 });
  await expect(failure).rejects.toThrow("in vain for a payment; last: 0");
});

test("a process's lines can be waited for, and its exit code is known", async () => {
  await using child = startProcess([
    "bun",
    "-e",
    "console.log(1); console.error('two'); process.exit(3)",
  ]);
  expect(await child.waitForLine(/^two$/)).toBe("two");
  expect(await child.exited).toBe(3);
  expect([...child.lines].sort()).toEqual(["1", "two"]);
});

test("waiting for a line of a process that has ended fails at once with its output", async () => {
  await using child = startProcess(["bun", "-e", "console.log('only this'); process.exit(4)"]);
  await expect(child.waitForLine("never")).rejects.toThrow(/exited with 4:\n {2}only this/);
});

test("disposal ends a process and what it started", async () => {
  const script = `
    const child = Bun.spawn(["sleep", "100"]);
    console.log("child " + child.pid);
    setInterval(() => {}, 1000);`;
  let pid = 0;
  {
    await using parent = startProcess(["bun", "-e", script]);
    pid = Number((await parent.waitForLine("child ")).split(" ")[1]);
    expect(isRunning(pid)).toBe(true);
  }
  await waitFor(() => !isRunning(pid), { what: "the grandchild to be gone" });
});

test("a process does not outlive the one that started it, however that ends", async () => {
  const script = `
    import { startProcess } from "${import.meta.dir}/process.ts";
    await startProcess(["true"]).exited;
    console.log("child " + startProcess(["sleep", "100"]).pid);
    setInterval(() => {}, 1000);`;
  await using parent = startProcess(["bun", "-e", script]);
  const pid = Number((await parent.waitForLine("child ")).split(" ")[1]);
  expect(isRunning(pid)).toBe(true);
  parent.kill("SIGKILL");
  await waitFor(() => !isRunning(pid), { what: "the child to be gone" });
});

test("a temporary folder is gone after its scope, and free ports are free", async () => {
  let path = "";
  {
    using dir = tempDir();
    path = dir.join("file");
    await Bun.write(path, "x");
  }
  expect(await Bun.file(path).exists()).toBe(false);
  const server = Bun.serve({ port: await freePort(), fetch: () => new Response() });
  await server.stop(true);
});

test("a paused process stands still and goes on", async () => {
  await using child = startProcess(["sleep", "100"]);
  const stateOf = () =>
    Bun.spawnSync(["ps", "-o", "stat=", "-p", `${child.pid}`]).stdout.toString();
  const pause = pauseProcess(child.pid, 1_000);
  await waitFor(() => stateOf().startsWith("T"), { what: "the process to be stopped" });
  await pause;
  // On a busy machine it is runnable for a while before it sleeps again.
  await waitFor(() => stateOf().startsWith("S"), { what: "the process to go on" });
});

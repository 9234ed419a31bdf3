import { join } from "node:path";
import { REPOSITORY, startProcess, type TestProcess } from "@order-outbox/testing";
import type { LoadPlan, LoadResult } from "./load-plan.ts";

/** Runs a program of the bench to its end, and gives what it printed last, read as JSON. */
export async function runTool<Result>(
  script: string,
  plan: unknown,
  signal: AbortSignal,
): Promise<Result> {
  const child = Bun.spawn([process.execPath, join(REPOSITORY, script), JSON.stringify(plan)], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
    signal,
    killSignal: "SIGKILL",
    detached: true,
  });
  const [output, complaints, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  signal.throwIfAborted();
  const last = output.trimEnd().split("\n").at(-1) ?? "";
  if (code !== 0 || last === "") {
    throw new Error(`${script} ended with ${code}: ${complaints.trim().slice(-1_000)}`);
  }
  return JSON.parse(last) as Result;
}

/** Sends orders from a process of its own. */
export const runLoad = (plan: LoadPlan, signal: AbortSignal): Promise<LoadResult> =>
  runTool<LoadResult>("shared/bench/load-generator.ts", plan, signal);

/** A program that says on which port it listens. */
export interface ToolServer extends AsyncDisposable {
  readonly port: number;
  readonly process: TestProcess;
}

/** Starts a program that prints `listening on PORT`, and ends when its standard input does. */
export async function startServer(script: string, plan: unknown): Promise<ToolServer> {
  const child = startProcess([process.execPath, join(REPOSITORY, script), JSON.stringify(plan)], {
    stdin: "pipe",
  });
  try {
    const line = await child.waitForLine(/^listening on \d+$/);
    return {
      port: Number(line.split(" ").at(-1)),
      process: child,
      [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
    };
  } catch (error) {
    await child[Symbol.asyncDispose]();
    throw error;
  }
}

import { killWithThisProcess } from "./process-guard.ts";
import { waitFor } from "./wait-for.ts";

/** What a process is started with. */
export interface ProcessOptions {
  /** Added to the environment of this process; `undefined` takes a variable away. */
  env?: Record<string, string | undefined>;
  cwd?: string;
  /** Set to keep standard input open as a pipe, which ends with this process. */
  stdin?: "pipe";
  /** A file for standard output and standard error; `lines` stays empty then. */
  output?: number;
}

/** A child process whose output is recorded. */
export interface TestProcess extends AsyncDisposable {
  readonly pid: number;
  /** The lines of standard output and standard error so far, in the order of arrival. */
  readonly lines: readonly string[];
  /** The exit code; 128 and the number of the signal for one that a signal ended. */
  readonly exited: Promise<number>;
  /** Waits for a line (one already there counts) and returns it. */
  waitForLine(pattern: RegExp | string, timeoutMs?: number): Promise<string>;
  /** Sends a signal to this process alone. */
  kill(signal?: NodeJS.Signals): void;
  /** Closes the pipe to its standard input. */
  closeStdin(): void;
}

/**
 * Starts a process in a group of its own, so that no signal of the terminal reaches it and disposal
 * (SIGKILL to the group) leaves nothing behind. Nor does an end of this process without disposal,
 * such as that of a killed test run.
 */
export function startProcess(
  command: readonly string[],
  { env = {}, cwd, stdin, output }: ProcessOptions = {},
): TestProcess {
  const child = Bun.spawn([...command], {
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
    stdin: stdin ?? "ignore",
    stdout: output ?? "pipe",
    stderr: output ?? "pipe",
    detached: true,
  });
  killWithThisProcess(child.pid, child.exited);
  const lines: string[] = [];
  let ended = false;
  const streams = [child.stdout, child.stderr].filter((stream) => typeof stream === "object");
  const collected = streams.map((stream) => collect(stream, lines));
  void Promise.all([...collected, child.exited]).then(() => {
    ended = true;
  });

  async function waitForLine(pattern: RegExp | string, timeoutMs = 10_000): Promise<string> {
    const matches = (line: string) =>
      typeof pattern === "string" ? line.includes(pattern) : pattern.test(line);
    await waitFor(() => ended || lines.some(matches), { what: "a line", timeoutMs }).catch(
      () => {},
    );
    const line = lines.find(matches);
    if (line !== undefined) return line;
    const state = ended ? `it exited with ${child.exitCode}` : `after ${timeoutMs} ms`;
    const output = lines.slice(-30).join("\n  ");
    throw new Error(`${command.join(" ")}: no line like ${pattern}; ${state}:\n  ${output}`);
  }

  return {
    pid: child.pid,
    lines,
    exited: child.exited,
    waitForLine,
    kill: (signal = "SIGTERM") => child.kill(signal),
    closeStdin() {
      if (typeof child.stdin === "object") void child.stdin?.end();
    },
    async [Symbol.asyncDispose]() {
      killGroup(child.pid);
      await child.exited;
    },
  };
}

async function collect(stream: ReadableStream<Uint8Array>, lines: string[]): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
  }
  if (rest) lines.push(rest);
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {}
}

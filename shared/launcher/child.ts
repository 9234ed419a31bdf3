import { countFailure, restartDelay } from "./backoff.ts";
import type { ChildPlan } from "./plan.ts";

/** A process that is started again whenever it ends, until it is stopped. */
export interface Child {
  readonly plan: ChildPlan;
  /** Whether a process runs now. */
  isRunning(): boolean;
  /** Sends SIGTERM, and does not start it again; resolves when it is gone. */
  stop(): Promise<void>;
  /** Ends it and whatever it started, at once. */
  kill(): void;
}

/** What {@link superviseChild} tells. */
export interface ChildEvents {
  line(text: string): void;
  /** The process ended by itself and will be started again in `delayMs`. */
  ended(how: string, delayMs: number): void;
  /** The process found something wrong, such as its settings: starting it again cannot help. */
  misconfigured(): void;
}

/** The exit code of a process that cannot run until somebody mends something (`EX_CONFIG`). */
export const EXIT_CONFIG = 78;

/**
 * Runs a process in a group of its own, so that Ctrl-C reaches it through this program only, with a
 * pipe as its standard input that ends when this program is killed: it then ends itself.
 */
export function superviseChild(
  plan: ChildPlan,
  env: Record<string, string | undefined>,
  events: ChildEvents,
): Child {
  let running: Bun.Subprocess<"pipe", "pipe", "pipe"> | undefined;
  let stopping = false;
  let failures = 0;
  let restart: Timer | undefined;

  function start(): void {
    const startedAt = performance.now();
    const child = Bun.spawn(plan.command, {
      env: { ...env, ...plan.env, ORDER_OUTBOX_PARENT_PIPE: "1" },
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
      detached: true,
    });
    running = child;
    const output = [child.stdout, child.stderr].map((stream) => forEachLine(stream, events.line));
    void Promise.allSettled([child.exited, ...output]).then(() => {
      running = undefined;
      if (stopping) return;
      if (child.exitCode === EXIT_CONFIG) return events.misconfigured();
      failures = countFailure(failures, performance.now() - startedAt);
      const delayMs = restartDelay(failures);
      events.ended(String(child.signalCode ?? `exit code ${child.exitCode}`), delayMs);
      restart = setTimeout(start, delayMs);
    });
  }

  start();
  return {
    plan,
    isRunning: () => running !== undefined,
    async stop() {
      stopping = true;
      clearTimeout(restart);
      running?.kill("SIGTERM");
      await running?.exited;
    },
    kill() {
      stopping = true;
      clearTimeout(restart);
      if (running) killGroup(running.pid);
    },
  };
}

async function forEachLine(
  stream: ReadableStream<Uint8Array>,
  onLine: (line: string) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  }
  if (rest) onLine(rest);
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {}
}

import { isIgnored } from "@order-outbox/output";
import type { ProcessLogger } from "../logs/logger.ts";
import { endProcess } from "./end-process.ts";

/** One thing to end, in its turn. */
export interface ShutdownStep {
  name: string;
  run: () => void | Promise<void>;
}

/** What {@link onShutdown} does, and how long it may take. */
export interface ShutdownOptions {
  logger: ProcessLogger;
  /** Run one after the other; one that throws is logged and does not keep the others from running. */
  steps: readonly ShutdownStep[];
  /** For all steps together, in milliseconds; 9,000, so that the process is gone within 10 s. */
  timeoutMs?: number;
}

/** Signals within this time of the first are the same Ctrl-C, which `bun run` delivers twice. */
const SAME_SIGNAL_MS = 1_000;

const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Ends the process in order on SIGTERM, SIGINT or SIGHUP (the terminal is closed, and the process
 * was not started with `nohup`): runs the steps once, then exits with 0, or with 1
 * when a step failed or the time is over (the log names the step). A second signal more than a
 * second later exits at once. When the variable `ORDER_OUTBOX_PARENT_PIPE` is set, the end of
 * standard input counts as a signal ({@link onParentExit}).
 *
 * @returns a function that starts the same shutdown from within, with the reason for the log
 */
export function onShutdown(options: ShutdownOptions): (reason: string) => void {
  const { logger, steps, timeoutMs = 9_000 } = options;
  let startedAt: number | undefined;

  async function shutdown(reason: string): Promise<void> {
    if (startedAt !== undefined) return;
    startedAt = performance.now();
    logger.info({ reason }, "shutting down");
    let current = "";
    const timer = setTimeout(() => {
      logger.error({ step: current, timeoutMs }, "shutdown took too long, exiting");
      void endProcess(logger, 1);
    }, timeoutMs);
    let exitCode = 0;
    for (const { name, run } of steps) {
      current = name;
      try {
        await run();
        logger.debug({ step: name }, "shutdown step done");
      } catch (error) {
        exitCode = 1;
        logger.error({ step: name, error }, "shutdown step failed");
      }
    }
    clearTimeout(timer);
    logger.info({ tookMs: Math.round(performance.now() - startedAt) }, "shut down");
    await endProcess(logger, exitCode);
  }

  for (const signal of SIGNALS.filter((name) => !isIgnored(name))) {
    process.on(signal, () => {
      if (startedAt !== undefined && performance.now() - startedAt > SAME_SIGNAL_MS) {
        logger.warn({ signal }, "second signal, exiting at once");
        void endProcess(logger, EXIT_CODES[signal]);
        return;
      }
      void shutdown(signal);
    });
  }
  onParentExit(() => void shutdown("the parent process ended"));
  return (reason) => void shutdown(reason);
}

/**
 * Calls `ended` when the process that started this one is gone, however it ended: standard input is
 * then a pipe that only that process holds open, and says so by `ORDER_OUTBOX_PARENT_PIPE=1`.
 * Without the variable this does nothing.
 */
export function onParentExit(ended: () => void): void {
  if (!process.env.ORDER_OUTBOX_PARENT_PIPE) return;
  process.stdin.on("end", ended).on("error", ended).resume();
}

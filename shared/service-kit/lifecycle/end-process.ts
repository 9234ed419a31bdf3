import type { ProcessLogger } from "../logs/logger.ts";

/** The last lines get this long; a reader that stalls must not keep a process from ending. */
const DRAIN_MS = 500;

/** Ends the process once its last lines are written, or cannot be. */
export async function endProcess(logger: ProcessLogger, exitCode: number): Promise<never> {
  await logger.drain(DRAIN_MS);
  process.exit(exitCode);
}

/**
 * Ends the process with 1 and a line in the log when an error is thrown that nothing catches. Without
 * this the runtime writes it to standard error, and waits as long as that takes nothing.
 */
export function endOnUncaught(logger: ProcessLogger): void {
  const end = (error: unknown) => {
    logger.error({ error }, "an error that nothing caught; exiting");
    void endProcess(logger, 1);
  };
  process.on("uncaughtException", end);
  process.on("unhandledRejection", end);
}

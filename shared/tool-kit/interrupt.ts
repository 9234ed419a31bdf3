/** The exit code of a command that SIGINT or SIGTERM ended. */
export const INTERRUPTED = 130;
/** Through "bun run" one Ctrl-C arrives twice. */
const SAME_SIGNAL_MS = 1_000;

/**
 * Aborts on the first SIGINT or SIGTERM, so that what was started can be ended in order; another one
 * more than a second later ends this process at once.
 */
export function abortOnSignals(): AbortSignal {
  const interrupted = new AbortController();
  let interruptedAt: number | undefined;
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (interruptedAt !== undefined && performance.now() - interruptedAt > SAME_SIGNAL_MS) {
        process.exit(INTERRUPTED);
      }
      interruptedAt ??= performance.now();
      interrupted.abort();
    });
  }
  return interrupted.signal;
}

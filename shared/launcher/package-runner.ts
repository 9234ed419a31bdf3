/** How often this program looks whether its parent is still the one that started it. */
const LOOK_MS = 1_000;

/**
 * Calls `ended` when the package runner (`bun run`, `npm run`) that this program is the script of is
 * gone, however it ended. A program that was started by hand may outlive its shell.
 */
export function onRunnerExit(ended: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const runner = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === runner) return;
    clearInterval(timer);
    ended();
  }, LOOK_MS);
  timer.unref();
}

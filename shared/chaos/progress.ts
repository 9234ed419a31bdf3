/** Where a run stands. */
export interface Progress {
  elapsedS: number;
  accepted: number;
  /** Orders that customers could not send yet. */
  waiting: number;
  kills: number;
  faults: number;
  /** Orders that are not final yet; undefined when it cannot be told just now. */
  pending: number | undefined;
}

const SECOND_MS = 1_000;
const LINE_EVERY_S = 10;

/** Shows a line that renews itself every second; one line every ten seconds where that cannot be. */
export function startProgress(look: () => Progress): Disposable & { say(text: string): void } {
  const { isTTY } = process.stdout;
  // It never blocks, but it fails when nobody reads any more; a run goes on all the same.
  process.stdout.on("error", () => {});
  let lastPending = 0;
  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
    if (!isTTY && ticks % LINE_EVERY_S !== 0) return;
    const progress = look();
    lastPending = progress.pending ?? lastPending;
    const line = formatProgress({ ...progress, pending: lastPending });
    process.stdout.write(isTTY ? `\r\x1b[K${line}` : `${line}\n`);
  }, SECOND_MS);
  const stop = () => {
    clearInterval(timer);
    if (isTTY) process.stdout.write("\n");
  };
  return {
    say(text) {
      stop();
      process.stdout.write(`${text}\n`);
    },
    [Symbol.dispose]: stop,
  };
}

export function formatProgress(progress: Progress): string {
  const { elapsedS, accepted, waiting, kills, faults, pending = 0 } = progress;
  const clock = `${Math.floor(elapsedS / 60)}:${String(Math.floor(elapsedS % 60)).padStart(2, "0")}`;
  const rate = elapsedS > 0 ? Math.round(accepted / elapsedS) : 0;
  return `${clock}  ${accepted} orders (${rate}/s, ${waiting} waiting)  ${kills} kills  ${faults} faults  ${pending} not final`;
}

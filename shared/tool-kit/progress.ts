const WIDTH = 24;
const REDRAW_MS = 100;

/** Shows how far long work has come, on a terminal; silent anywhere else. */
export interface Progress {
  show(what: string, done: number, total: number): void;
  /** Wipes the bar. */
  end(): void;
}

export function createProgress(
  stream: { isTTY?: boolean; write(text: string): unknown } = process.stderr,
  now: () => number = performance.now.bind(performance),
): Progress {
  if (!stream.isTTY) return { show() {}, end() {} };
  let drawnAt = Number.NEGATIVE_INFINITY;
  return {
    show(what, done, total) {
      const finished = done >= total;
      if (!finished && now() - drawnAt < REDRAW_MS) return;
      drawnAt = now();
      stream.write(`\r\x1b[2K${formatBar(what, done, total)}`);
    },
    end() {
      stream.write("\r\x1b[2K");
    },
  };
}

/** A bar such as `[####....] 50 % reading the topics (5 of 10)`. */
export function formatBar(what: string, done: number, total: number): string {
  const share = total <= 0 ? 1 : Math.min(1, done / total);
  const filled = Math.floor(share * WIDTH);
  const bar = "#".repeat(filled) + ".".repeat(WIDTH - filled);
  return `[${bar}] ${Math.floor(share * 100)} % ${what} (${done} of ${total})`;
}

/** Tells on the terminal where a run stands. */
export interface Progress {
  /** A part begins that takes about so many steps. */
  begin(title: string, steps: number): void;
  /** A step begins. */
  step(text: string): void;
  /** The part's last step is done. */
  end(): void;
}

const BAR_WIDTH = 20;

/** A bar that renews itself on a terminal, a line for each step elsewhere. */
export function createProgress(): Progress {
  const { isTTY } = process.stdout;
  // It never blocks, but it fails when nobody reads any more; a run goes on all the same.
  process.stdout.on("error", () => {});
  let title = "";
  let steps = 1;
  let done = 0;

  function show(text: string): void {
    const share = Math.min(1, done / steps);
    const line = `${bar(share)} ${title.padEnd(8)} ${text}`;
    process.stdout.write(isTTY ? `\r\x1b[K${line}` : `${line}\n`);
  }

  return {
    begin(name, count) {
      title = name;
      steps = count;
      done = 0;
    },
    step(text) {
      show(text);
      done += 1;
    },
    end() {
      if (isTTY) process.stdout.write("\r\x1b[K");
    },
  };
}

export function bar(share: number): string {
  const full = Math.round(share * BAR_WIDTH);
  const percent = `${Math.round(share * 100)}%`.padStart(4);
  return `${"█".repeat(full)}${"░".repeat(BAR_WIDTH - full)}${percent}`;
}

import { expect, test } from "bun:test";
import { closeSync, openSync, readFileSync } from "node:fs";
import { namedPipe, tempDir, waitFor } from "@order-outbox/testing";
import { createOutput, type OutputOptions } from "./mod.ts";

const LINE_BYTES = 100;
const line = (n: number) => `${String(n).padStart(LINE_BYTES - 1, ".")}\n`;
const numbersOf = (text: string) =>
  text
    .split("\n")
    .flatMap((one) => (/^\.+\d+$/.test(one) ? [Number(one.replace(/^\.+/, ""))] : []));

/** An output that says of a gap how long it was. */
function openOutput(options: OutputOptions) {
  const output = createOutput({
    onRecovered: (dropped) => output.write(`dropped ${dropped}\n`),
    ...options,
  });
  return output;
}

/** Lines enough to fill a pipe and the bound twice over. */
const LIMIT_BYTES = 50_000;
const MANY = 4_000;

/** All is there up to one gap, which is told where it is; then all that came later. */
function expectOneGap(text: string, written: number, dropped: number): void {
  const [before = "", after = ""] = text.split(/^dropped \d+$/m);
  const told = Number(/^dropped (\d+)$/m.exec(text)?.[1]);
  const [early, late] = [numbersOf(before), numbersOf(after)];
  expect({ told, early: early.length }).toEqual({ told: dropped, early: MANY - dropped });
  expect(early).toEqual(early.map((_, index) => index));
  expect(late).toEqual(Array.from({ length: written - MANY }, (_, index) => MANY + index));
  expect(text.length).toBe((written - dropped) * LINE_BYTES + `dropped ${told}\n`.length);
}

async function readUntil(read: () => string, last: string): Promise<string> {
  let text = "";
  await waitFor(
    () => {
      text += read().replaceAll("\0", "");
      return text.endsWith(last);
    },
    { what: "the last line" },
  );
  return text;
}

test.concurrent("lines that are written one by one arrive whole and in order", async () => {
  using dir = tempDir();
  const fd = openSync(dir.join("log"), "w");
  const output = openOutput({ fd });
  for (let n = 0; n < 1_000; n++) {
    output.write(line(n));
    if (n % 10 === 0) await Bun.sleep(0);
  }
  await output.drain(10_000);
  closeSync(fd);
  expect(numbersOf(readFileSync(dir.join("log"), "utf8"))).toEqual(
    Array.from({ length: 1_000 }, (_, n) => n),
  );
  expect(output.dropped()).toBe(0);
});

test.concurrent.each([false, true])(
  "a reader that stalls costs lines beyond the bound, one gap that is told, and no time (nonblocking: %p)",
  async (nonblocking) => {
    using pipe = namedPipe({ nonblocking });
    // Full from the beginning: what a pipe still takes would be gone from the bound.
    pipe.fill();
    const output = openOutput({ fd: pipe.writer, limitBytes: LIMIT_BYTES });
    for (let n = 0; n < MANY; n++) {
      output.write(line(n));
      if (n % 100 === 0) await Bun.sleep(1);
    }
    await waitFor(() => output.dropped() > 0, { what: "lines that have no room" });
    await output.drain(20);
    const dropped = output.dropped();
    let text = await readUntil(pipe.read, `dropped ${dropped}\n`);
    output.write(line(MANY));
    text += await readUntil(pipe.read, line(MANY));
    expectOneGap(text, MANY + 1, dropped);
  },
);

test.concurrent("a reader that is gone is not waited for, and one that comes back is written to", async () => {
  using pipe = namedPipe();
  const output = openOutput({ fd: pipe.writer, limitBytes: LIMIT_BYTES });
  pipe.closeReader();
  for (let n = 0; n < MANY; n++) output.write(line(n));
  await output.drain(3_600_000);
  expect(output.dropped()).toBe(MANY - LIMIT_BYTES / LINE_BYTES);
  pipe.openReader();
  let text = await readUntil(pipe.read, `dropped ${output.dropped()}\n`);
  output.write(line(MANY));
  text += await readUntil(pipe.read, line(MANY));
  expectOneGap(text, MANY + 1, output.dropped());
});

test.concurrent("a full disk is not waited for", async () => {
  // Stays open: the output goes on trying, and its number must not become another file's.
  const fd = openSync("/dev/full", "w");
  const output = openOutput({ fd, limitBytes: LIMIT_BYTES });
  for (let n = 0; n < MANY; n++) output.write(line(n));
  await output.drain(3_600_000);
  output.write("two more\nlines\n");
  expect(output.dropped()).toBe(MANY - LIMIT_BYTES / LINE_BYTES + 2);
});

import { writeSync } from "node:fs";
import { printable } from "@order-outbox/errors";

/** The exit code of a command whose answer could not be written (`EX_IOERR` of sysexits.h). */
export const EXIT_OUTPUT_LOST = 74;
const RETRY_MS = 2;

/**
 * Prepares this process's `console` for a command. All that is printed from here on is escaped, but
 * line feeds and tabs: commands print what comes from outside, and no place of theirs can forget that
 * then. And it arrives, or is known not to have: when standard output takes nothing (a full disk) the
 * command does its work to the end, says so, and exits with {@link EXIT_OUTPUT_LOST} instead of 0. A
 * reader that has seen enough (`| head`) is no failure.
 */
export function prepareConsole(): void {
  let lost: string | undefined;
  const print = (fd: 1 | 2, parts: readonly unknown[]) => {
    const text = parts.map((part) => (typeof part === "string" ? part : Bun.inspect(part)));
    const problem = writeAll(fd, `${printable(text.join(" "), "lines")}\n`);
    if (fd === 1 && problem !== undefined && problem !== "EPIPE") lost ??= problem;
  };
  console.log = (...parts) => print(1, parts);
  console.error = (...parts) => print(2, parts);
  console.warn = (...parts) => print(2, parts);
  // What nobody foresaw may quote what came from outside, too.
  process.on("uncaughtException", (error) => {
    console.error(error);
    process.exit(1);
  });
  process.on("exit", (code) => {
    if (lost === undefined) return;
    console.error(`the answer could not be written to standard output (${lost})`);
    if (code === 0) process.exitCode = EXIT_OUTPUT_LOST;
  });
}

/** A command that was called wrongly. */
export const EXIT_MISUSED = 2;

/**
 * Runs a command with a prepared console and ends the process with its exit code. What the system
 * refuses, such as a folder that is not there, is one line, and {@link EXIT_MISUSED}.
 */
export async function runCommand(main: (args: string[]) => Promise<number>): Promise<never> {
  prepareConsole();
  try {
    process.exit(await main(process.argv.slice(2)));
  } catch (error) {
    if (!isSystemError(error)) throw error;
    console.error(error.message);
    process.exit(EXIT_MISUSED);
  }
}

/** What the operating system said of a file, a folder or an address, such as `EACCES: permission denied, …`. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error && "syscall" in error;
}

/** Writes all of it, waiting for a slow reader; gives the system's code when that is impossible. */
function writeAll(fd: number, text: string): string | undefined {
  let left: Uint8Array = Buffer.from(text);
  while (left.length > 0) {
    try {
      left = left.subarray(writeSync(fd, left));
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "EIO";
      if (code !== "EAGAIN") return code;
      Bun.sleepSync(RETRY_MS);
    }
  }
  return undefined;
}

import { write as writeInPool, writeSync } from "node:fs";

/** Takes lines that only tell something. Whatever becomes of them, it never waits and never throws. */
export interface Output {
  /** Takes one or more whole lines; those that have no room are dropped and counted. */
  write(lines: string): void;
  /** Lines that were dropped since the start. */
  dropped(): number;
  /** Resolves when everything is written, when it cannot be, or after `timeoutMs`. */
  drain(timeoutMs: number): Promise<void>;
}

/** Where an {@link Output} writes. */
export interface OutputOptions {
  /** Of the file, such as 1 for standard output; stays open as long as the process lives. */
  fd: number;
  /** What may wait to be written, in bytes; 4 MiB. */
  limitBytes?: number;
  /** Called when lines are written again, with the number of those that were dropped meanwhile. */
  onRecovered?(dropped: number): void;
}

const LIMIT_BYTES = 4 * 1024 * 1024;
/** Lines come together for this long: each write costs a call of the system in another thread. */
const GATHER_MS = 5;
const RETRY_MS = 20;
const MAX_RETRY_MS = 1_000;
/** The reader is only slow; any other error is not waited for at the end of a process. */
const BUSY = ["EAGAIN", "EBUSY"];

/**
 * Writes lines to a file, pipe, socket or terminal without ever blocking the thread, whatever the
 * other side does. A write may block for ever when a reader stalls, and only the thread that writes
 * can tell; so writing is left to the runtime's pool of threads, one write at a time, and what comes
 * meanwhile waits within a bound. A write that fails (nobody reads, no room, the terminal is gone)
 * is tried again; no line is ever torn. One that stalls takes a thread of the pool, which may have
 * two: a process that needs the pool has one of these.
 */
export function createOutput(options: OutputOptions): Output {
  const { fd, limitBytes = LIMIT_BYTES, onRecovered } = options;
  let gathered = "";
  let unwritten: Uint8Array = new Uint8Array();
  let waitingBytes = 0;
  let writing = false;
  let failures = 0;
  let timer: Timer | undefined;
  let dropped = 0;
  let untold = 0;
  let drained: PromiseWithResolvers<void> | undefined;

  function write(lines: string): void {
    const bytes = Buffer.byteLength(lines);
    // Once a line is dropped, later ones are as well: the log has one gap, and says where.
    if (untold > 0 || waitingBytes + bytes > limitBytes) {
      const count = countLines(lines);
      dropped += count;
      untold += count;
      return;
    }
    gathered += lines;
    waitingBytes += bytes;
    if (!writing) timer ??= setTimeout(send, GATHER_MS);
  }

  function send(): void {
    clearTimeout(timer);
    timer = undefined;
    if (unwritten.length === 0) takeGathered();
    if (unwritten.length === 0) {
      drained?.resolve();
      return;
    }
    writing = true;
    writeInPool(fd, unwritten, 0, unwritten.length, null, (error, written) => {
      writing = false;
      if (error) noteFailure(error.code ?? "");
      else noteWritten(written);
    });
  }

  function noteWritten(written: number): void {
    failures = 0;
    waitingBytes -= written;
    unwritten = unwritten.subarray(written);
    if (unwritten.length === 0 && untold > 0) tellRecovered();
    if (unwritten.length > 0 || drained !== undefined) send();
    else if (gathered !== "") timer ??= setTimeout(send, GATHER_MS);
  }

  function tellRecovered(): void {
    const count = untold;
    untold = 0;
    onRecovered?.(count);
  }

  function noteFailure(code: string): void {
    failures += 1;
    if (!BUSY.includes(code)) drained?.resolve();
    timer = setTimeout(send, Math.min(RETRY_MS * 2 ** (failures - 1), MAX_RETRY_MS));
    timer.unref();
  }

  function takeGathered(): void {
    unwritten = Buffer.from(gathered);
    gathered = "";
  }

  process.on("exit", () => {
    // What is stuck would keep the process from ending; see `drain`.
    if (writing || failures > 0) return;
    try {
      while (unwritten.length > 0 || gathered !== "") {
        if (unwritten.length === 0) takeGathered();
        unwritten = unwritten.subarray(writeSync(fd, unwritten));
      }
    } catch {}
  });

  return {
    write,
    dropped: () => dropped,
    async drain(timeoutMs) {
      if (waitingBytes === 0) return;
      drained ??= Promise.withResolvers<void>();
      const everything = drained;
      const limit = setTimeout(everything.resolve, timeoutMs);
      if (!writing) send();
      await everything.promise;
      clearTimeout(limit);
      drained = undefined;
    },
  };
}

function countLines(text: string): number {
  let count = text.endsWith("\n") ? 0 : 1;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}

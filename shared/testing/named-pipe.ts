import { closeSync, constants, openSync, readSync, writeSync } from "node:fs";
import { tempDir } from "./temp-dir.ts";

/** A pipe whose reader does what a test wants of it. */
export interface NamedPipe extends Disposable {
  /** For a process's standard output, or to write to. */
  readonly writer: number;
  /** Everything that is in the pipe now; nobody else reads it. */
  read(): string;
  /** Leaves no room in the pipe. */
  fill(): void;
  /** From now on nobody reads: writes fail with EPIPE. */
  closeReader(): void;
  /** Somebody reads again. */
  openReader(): void;
}

/** Makes a pipe that nobody reads until the test does; `nonblocking` is about its writer. */
export function namedPipe({ nonblocking = false } = {}): NamedPipe {
  const dir = tempDir();
  const path = dir.join("pipe");
  const made = Bun.spawnSync(["mkfifo", path]);
  if (!made.success) throw new Error(`mkfifo: ${made.stderr}`);
  const openToRead = () => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  let reader = openToRead();
  let isOpen = true;
  const writer = openSync(path, constants.O_WRONLY | (nonblocking ? constants.O_NONBLOCK : 0));

  function closeReader(): void {
    if (isOpen) closeSync(reader);
    isOpen = false;
  }

  return {
    writer,
    read() {
      const chunk = Buffer.alloc(64 * 1024);
      const decoder = new TextDecoder();
      let text = "";
      try {
        for (let n = readSync(reader, chunk); n > 0; n = readSync(reader, chunk)) {
          text += decoder.decode(chunk.subarray(0, n), { stream: true });
        }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      }
      return text;
    },
    fill() {
      const filler = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
      for (const bytes of [4096, 1]) {
        try {
          for (;;) writeSync(filler, Buffer.alloc(bytes));
        } catch {}
      }
      closeSync(filler);
    },
    closeReader,
    openReader() {
      reader = openToRead();
      isOpen = true;
    },
    [Symbol.dispose]() {
      closeReader();
      closeSync(writer);
      dir[Symbol.dispose]();
    },
  };
}

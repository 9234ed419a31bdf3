import type { Database } from "bun:sqlite";
import { accessSync, constants, statSync } from "node:fs";
import { AppError } from "@order-outbox/errors";

/** A file of a database as it was when the database was opened. */
interface OpenFile {
  path: string;
  device: number;
  inode: number;
}

/** The database, and beside it the log with what is not folded into it and that log's index. */
const SUFFIXES = ["", "-wal", "-shm"];

const opened = new WeakMap<Database, readonly OpenFile[]>();

/** Notes which files a connection has open; call it at once after it was opened. */
export function noteOpenFiles(db: Database, path: string): void {
  opened.set(
    db,
    SUFFIXES.flatMap((suffix) => {
      const file = `${path}${suffix}`;
      const found = statSync(file, { throwIfNoEntry: false });
      return found === undefined ? [] : [{ path: file, device: found.dev, inode: found.ino }];
    }),
  );
}

/**
 * Why nothing may be written to a connection of `openDatabase` now; undefined when nothing speaks
 * against it. A file that was deleted or replaced still takes every write, and nobody finds them
 * there again: `STORAGE_LOST`. One that may no longer be opened for writing is `STORAGE_READONLY`,
 * though the open file might still be written, because after a restart it could not be.
 *
 * It costs a few microseconds. The messages may be shown to anybody; the path is in the details.
 */
export function fileTrouble(db: Database): AppError | undefined {
  const files = opened.get(db);
  const first = files?.[0];
  if (files === undefined || first === undefined) return undefined;
  for (const { path, device, inode } of files) {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.ino === inode && found.dev === device) continue;
    return new AppError(
      "STORAGE_LOST",
      `the database's file was ${found === undefined ? "deleted or moved" : "replaced"} while it was open; put it back, or start the service again`,
      { details: { path } },
    );
  }
  return mayWrite(first.path)
    ? undefined
    : new AppError("STORAGE_READONLY", "the database's file may not be written", {
        details: { path: first.path },
      });
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

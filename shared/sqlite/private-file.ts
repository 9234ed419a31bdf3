import { chmodSync, closeSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";

const OTHERS = 0o007;

/**
 * Makes a database's file, and its folders, for its owner's eyes only, unless it exists; SQLite
 * gives a WAL the mode of its database. One that everybody may read, as versions before this made
 * it, is closed to all but its owner; what was opened to a group on purpose stays. What cannot be
 * done is left to the opening of the database, which says why.
 */
export function createPrivately(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // Only where there is none: to close a file drops this process's locks on it.
    closeSync(openSync(path, "wx", 0o600));
  } catch {
    for (const suffix of ["", "-wal", "-shm"]) closeToOthers(`${path}${suffix}`);
  }
}

function closeToOthers(path: string): void {
  try {
    const { mode } = statSync(path);
    if ((mode & OTHERS) !== 0) chmodSync(path, 0o600);
  } catch {
    // Not there, or another user's.
  }
}

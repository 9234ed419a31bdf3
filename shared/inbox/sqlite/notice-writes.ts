import { statSync } from "node:fs";

/** File times are only this fine: what is written so soon after a look may not change them. */
const GRAIN_MS = 1_000;
/** Where file times cannot be trusted, this many looks in a row that saw nothing are enough. */
const LOOKS_IN_VAIN = 15;

/**
 * Tells whether any process may have committed to a database in WAL mode since the last call that
 * said so, by the times of its WAL, so that a service at rest asks its database nothing. It errs to
 * the safe side: true at first, when the file cannot be seen, and after fifteen looks in vain.
 *
 * A clock that is set back makes the file's time lie ahead, and every call says true until then; one
 * that is set forwards gives what is written next another time.
 *
 * @param now milliseconds since the epoch, by the clock that file times are of
 */
export function noticeWrites(databasePath: string, now: () => number): () => boolean {
  let seen: number | undefined;
  let vain = 0;
  return () => {
    const modified = statSync(`${databasePath}-wal`, { throwIfNoEntry: false })?.mtimeMs;
    const settled = modified !== undefined && modified <= now() - GRAIN_MS;
    if (settled && modified === seen && vain < LOOKS_IN_VAIN) {
      vain += 1;
      return false;
    }
    seen = settled ? modified : undefined;
    vain = 0;
    return true;
  };
}

import { SQLiteError } from "bun:sqlite";
import { AppError, type ErrorCode, isAppError, isStorageTrouble } from "@order-outbox/errors";

/**
 * What SQLite reports when there is no room: ENOSPC and `max_page_count` give SQLITE_FULL, a quota
 * or file size limit gives SQLITE_IOERR_WRITE, and a WAL index that cannot grow gives
 * SQLITE_IOERR_SHMSIZE (https://sqlite.org/rescode.html).
 */
const FULL_CODES: ReadonlySet<string> = new Set([
  "SQLITE_FULL",
  "SQLITE_IOERR_WRITE",
  "SQLITE_IOERR_SHMSIZE",
]);

/** Whether `error`, or one of the errors that led to it, says that there is no room left. */
export function isStorageFull(error: unknown): boolean {
  for (let e = error, depth = 0; e instanceof Error && depth < 8; e = e.cause, depth++) {
    if (e instanceof AppError && e.code === "STORAGE_FULL") return true;
    if (e instanceof SQLiteError && FULL_CODES.has(e.code ?? "")) return true;
  }
  return false;
}

/**
 * The error of a COMMIT that failed. SQLite completes a transaction in the WAL before it adds it to
 * the WAL's index. When only the index has no room, nobody sees the transaction, but a crash before
 * the next commit makes SQLite find it in the WAL. So this is not `STORAGE_FULL`, after which
 * nothing is left behind.
 */
export function commitError(error: unknown): AppError {
  if (!(error instanceof SQLiteError) || error.code !== "SQLITE_IOERR_SHMSIZE") {
    return storageError(error, "cannot commit");
  }
  const message = `a crash may still bring this commit about: ${error.message}`;
  return new AppError("STORAGE_FAILED", message, { cause: error });
}

/**
 * `STORAGE_FULL`, `STORAGE_BUSY`, `STORAGE_READONLY` or `STORAGE_LOST` by what SQLite says, and
 * `STORAGE_FAILED` for everything else; all keep the original as their cause. `doing` begins the
 * message, such as "cannot commit".
 */
export function storageError(error: unknown, doing: string): AppError {
  const reason = error instanceof Error ? error.message : String(error);
  return new AppError(storageCode(error), `${doing}: ${reason}`, { cause: error });
}

/** Whether SQLite says that another connection has the lock. */
export const isStorageBusy = (error: unknown): boolean => storageCode(error) === "STORAGE_BUSY";

/** By https://sqlite.org/rescode.html. */
function storageCode(error: unknown): ErrorCode {
  if (isStorageFull(error)) return "STORAGE_FULL";
  if (isAppError(error) && isStorageTrouble(error)) return error.code;
  const code = (error instanceof SQLiteError ? error.code : undefined) ?? "";
  if (code.startsWith("SQLITE_BUSY")) return "STORAGE_BUSY";
  if (code === "SQLITE_READONLY_DBMOVED") return "STORAGE_LOST";
  return code.startsWith("SQLITE_READONLY") ? "STORAGE_READONLY" : "STORAGE_FAILED";
}

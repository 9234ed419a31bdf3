import { SQLiteError } from "bun:sqlite";
import { AppError } from "@order-outbox/errors";

/**
 * Why the data cannot be used, in one sentence: `STORAGE_FULL` or `STORAGE_FAILED`, retryable when
 * it can pass by itself. What is no fault of the storage comes back as it is.
 */
export function dataError(error: unknown, folder = "memory"): unknown {
  if (error instanceof SQLiteError) {
    const { code = "", message } = error;
    if (code.startsWith("SQLITE_BUSY")) {
      return new AppError("STORAGE_FAILED", `another broker is using ${folder}`, { cause: error });
    }
    if (code === "SQLITE_FULL") {
      return new AppError("STORAGE_FULL", `no room for the data in ${folder}`, { cause: error });
    }
    return lasting(`the data in ${folder} cannot be used: ${message}`, error);
  }
  if (error instanceof Error && "syscall" in error && "path" in error) {
    return lasting(`no data can be kept in ${folder}: ${error.message}`, error);
  }
  return error;
}

const lasting = (message: string, cause: unknown): AppError =>
  new AppError("STORAGE_FAILED", message, { cause, retryable: false });

import { SQLiteError } from "bun:sqlite";
import { storageError } from "@order-outbox/sqlite";

/**
 * Does what SQLite does at once, and gives its failure as the store's own.
 *
 * @param doing begins the message, such as "cannot write"
 */
export async function attempt<T>(doing: string, work: () => T): Promise<T> {
  try {
    return work();
  } catch (error) {
    throw error instanceof SQLiteError ? storageError(error, doing) : error;
  }
}

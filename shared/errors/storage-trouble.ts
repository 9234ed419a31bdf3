import { errorCodeOf } from "./app-error.ts";
import type { ErrorCode } from "./codes.ts";

const TROUBLES: readonly ErrorCode[] = [
  "STORAGE_FULL",
  "STORAGE_BUSY",
  "STORAGE_LOST",
  "STORAGE_READONLY",
  "STORAGE_FAILED",
  "OVERLOADED",
];

/** Whether an error is a database's own trouble, and not the fault of what was to be written. */
export const isStorageTrouble = (error: unknown): boolean =>
  TROUBLES.some((code) => code === errorCodeOf(error));

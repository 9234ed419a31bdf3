import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { AppError } from "@order-outbox/errors";
import type { Logger } from "../logs/logger.ts";
import type { CheckResult } from "./health.ts";

/** What {@link watchStorage} looks at. */
export interface StorageWatchOptions {
  databasePath: string;
  /** Why nothing can be written now, of each file by its name. */
  files: Readonly<Record<string, () => AppError | undefined>>;
  logger: Logger;
  /** Between two looks, in milliseconds; 500. */
  everyMs?: number;
}

/** A service's storage, as its health sees it. */
export interface StorageWatch {
  /** For `/health`. */
  check(): Promise<CheckResult>;
  /** Whether all files can be written. */
  writable(): boolean;
  stop(): void;
}

/** With less than this a larger commit may not find room. */
const FULL_BELOW_BYTES = 1024 * 1024;

/**
 * Watches the files of a service, and says in the log when one of them can no longer be written and
 * when it can again. A file that is lost or read-only makes the check fail. A full disk and a lock of
 * another process are shown and do not: writes are refused until that has passed, and a restart would
 * change nothing.
 */
export function watchStorage(options: StorageWatchOptions): StorageWatch {
  const { databasePath, files, logger, everyMs = 500 } = options;
  const told = new Map<string, string>();

  function findTroubles(): [file: string, trouble: AppError][] {
    return Object.entries(files).flatMap(([file, look]) => {
      const trouble = look();
      tell(file, trouble);
      return trouble === undefined ? [] : [[file, trouble] as [string, AppError]];
    });
  }

  function tell(file: string, trouble: AppError | undefined): void {
    const before = told.get(file);
    if (before === trouble?.code) return;
    if (trouble === undefined) {
      told.delete(file);
      logger.info({ file }, "can be written again");
      return;
    }
    told.set(file, trouble.code);
    const fields = { file, code: trouble.code, ...trouble.details };
    if (trouble.code === "STORAGE_BUSY") logger.warn(fields, trouble.message);
    else logger.error(fields, trouble.message);
  }

  const timer = setInterval(findTroubles, everyMs);
  timer.unref();
  return {
    async check() {
      const troubles = findTroubles();
      const failing = troubles.filter(([, { code }]) => code !== "STORAGE_BUSY");
      const room = await freeBytesOf(databasePath);
      return {
        ok: failing.length === 0,
        ...(failing.length === 0
          ? {}
          : { reason: failing.map(([file, { message }]) => `${file}: ${message}`).join("; ") }),
        busy: troubles.length > failing.length,
        ...(room === undefined ? {} : { full: room < FULL_BELOW_BYTES, freeBytes: room }),
      };
    },
    writable: () => findTroubles().length === 0,
    stop: () => clearInterval(timer),
  };
}

/** Undefined when the folder is gone. */
async function freeBytesOf(databasePath: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(dirname(databasePath));
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

import type { Mutant } from "../mutant.ts";

export const STORAGE: readonly Mutant[] = [
  {
    name: "a-clock-that-is-set-ages-what-is-kept",
    breaks: "A clock that is set forwards ages nothing.",
    file: "shared/errors/clock.ts",
    find: "return () => Math.min(now(), steady());",
    put: "return () => Math.max(now(), steady());",
    test: "shared/errors/clock.test.ts › nothing ages by a clock that is set forwards, and all is younger by one that is set back",
  },
  {
    name: "a-file-that-is-gone-takes-orders",
    breaks: "A database that is deleted takes no further order.",
    file: "shared/sqlite/open-files.ts",
    find: "if (found?.ino === inode && found.dev === device) continue;",
    put: "if (found === undefined || (found.ino === inode && found.dev === device)) continue;",
    test: "shared/system/e2e/lost-storage.test.ts › a file that is deleted or replaced under a running service takes no further order, payment or message",
  },
  {
    name: "a-file-that-was-replaced-takes-payments",
    breaks: "A database that is replaced takes no further payment, and /health says why.",
    file: "shared/sqlite/open-files.ts",
    find: "if (found?.ino === inode && found.dev === device) continue;",
    put: "if (found !== undefined) continue;",
    test: "shared/system/e2e/lost-storage.test.ts › a file that is deleted or replaced under a running service takes no further order, payment or message",
  },
  {
    name: "a-read-only-file-takes-orders",
    breaks: "An orders.db that becomes read-only refuses orders with 503.",
    file: "shared/sqlite/open-files.ts",
    find: "accessSync(path, constants.W_OK);",
    put: "accessSync(path, constants.R_OK);",
    test: "services/order-service/src/read-only.test.ts › an orders.db that becomes read-only refuses orders until it may be written",
  },
  {
    name: "a-kept-lock-holds-the-thread",
    breaks: "While another process keeps the lock, the thread goes on.",
    file: "shared/sqlite/commit-queue.ts",
    find: `setTimeout(flush, LOCK_REST_MS);
      return;`,
    put: "while (performance.now() - failingSince < busyMs) Bun.sleepSync(LOCK_REST_MS);",
    test: "shared/sqlite/commit-queue.test.ts › a lock that is kept for long refuses all that waits and at once what comes, nothing begun",
  },
  {
    name: "a-file-size-limit-is-an-unknown-outcome",
    breaks: "SQLITE_IOERR_WRITE is a full disk: 503.",
    file: "shared/sqlite/storage-error.ts",
    find: `"SQLITE_FULL",
  "SQLITE_IOERR_WRITE",`,
    put: '"SQLITE_FULL",',
    test: "shared/sqlite/storage-error.test.ts › a file that may not grow is full",
  },
  {
    name: "a-restored-copy-waits-for-its-former-owner",
    breaks: "A restored copy publishes at once.",
    file: "shared/sqlite/presence.ts",
    find: "if (locked !== undefined && !existsSync(prefix + name)) return true;",
    put: 'if (locked !== undefined && name === "") return true;',
    test: "shared/sqlite/presence.test.ts › a relay that held its lock is over without its file, as in a restored copy; a member may be elsewhere",
  },
];

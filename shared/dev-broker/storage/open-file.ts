import { statSync } from "node:fs";
import { AppError } from "@order-outbox/errors";

/**
 * Notes which files are open now, and gives a check that throws when one of them was deleted or
 * replaced since: SQLite would go on writing where nobody finds it.
 *
 * @param path of the database; ":memory:" is never lost
 */
export function watchOpenFiles(path: string): () => void {
  const files = [path, `${path}-wal`].flatMap((file) => {
    const found = statSync(file, { throwIfNoEntry: false });
    return found === undefined ? [] : [{ file, device: found.dev, inode: found.ino }];
  });
  return () => {
    for (const { file, device, inode } of files) {
      const found = statSync(file, { throwIfNoEntry: false });
      if (found?.ino === inode && found.dev === device) continue;
      const what = found === undefined ? "deleted" : "replaced";
      throw new AppError("STORAGE_LOST", `${file} was ${what} while the broker had it open`);
    }
  };
}

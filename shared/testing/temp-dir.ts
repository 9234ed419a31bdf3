import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder for one test; `using` removes it with all that is in it. */
export interface TempDir extends Disposable {
  readonly path: string;
  /** The path of something in it. */
  join(...parts: string[]): string;
}

/** Makes an empty folder in the system's place for temporary files. */
export function tempDir(): TempDir {
  const path = mkdtempSync(join(tmpdir(), "order-outbox-"));
  return {
    path,
    join: (...parts) => join(path, ...parts),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true, maxRetries: 3 }),
  };
}

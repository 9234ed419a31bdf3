import { Database } from "bun:sqlite";
import { closeSync, fsyncSync, openSync, rmSync, statSync } from "node:fs";
import { getPriority, setPriority } from "node:os";
import { dirname } from "node:path";
import { UserError } from "@order-outbox/tool-kit";
import type { CopyAnswer, CopyRequest } from "./vacuum-worker.ts";

const LOOK_MS = 100;
/** Of 19: services that take orders come first. */
const GIVE_WAY = 15;

/** A finished copy. */
export interface Copy {
  bytes: number;
  /** Milliseconds that copying and checking took. */
  ms: number;
}

/**
 * Copies a database that may be in use to a path that does not exist yet, and checks the copy. It
 * is on the disk when this resolves; when it rejects, nothing is left of it.
 *
 * @throws UserError when it cannot be made, or is damaged
 */
export async function copyDatabase(
  from: string,
  to: string,
  onProgress: (done: number, total: number) => void,
): Promise<Copy> {
  const startedAt = performance.now();
  const total = contentBytes(from);
  const look = setInterval(() => onProgress(sizeOf(to), total), LOOK_MS);
  try {
    // VACUUM INTO takes an empty file, and leaves it the mode that it has.
    closeSync(openSync(to, "wx", 0o600));
    const answer = await askThread({ from, to });
    if ("error" in answer) throw new UserError(`${from} cannot be copied: ${answer.error}`);
    if (answer.problems.length > 0) {
      throw new UserError(`the copy of ${from} is damaged: ${answer.problems.join("; ")}`);
    }
    syncToDisk(to);
    return { bytes: sizeOf(to), ms: Math.round(performance.now() - startedAt) };
  } catch (error) {
    rmSync(to, { force: true });
    throw error;
  } finally {
    clearInterval(look);
  }
}

/** Waits until a file, or the names in a folder, are on the disk. */
export function syncToDisk(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Like `syncToDisk`, of the folder that a file is in: its name is on the disk then. */
export const syncName = (path: string): void => syncToDisk(dirname(path));

function askThread(request: CopyRequest): Promise<CopyAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<CopyAnswer>();
  // A thread has the priority of the one that starts it.
  if (getPriority() < GIVE_WAY) setPriority(GIVE_WAY);
  const worker = new Worker(new URL("./vacuum-worker.ts", import.meta.url));
  worker.addEventListener("message", ({ data }: MessageEvent<CopyAnswer>) => resolve(data));
  worker.addEventListener("error", ({ message }) => reject(new Error(message)));
  worker.addEventListener("close", () => reject(new Error("the copying thread ended")));
  worker.postMessage(request);
  return promise;
}

/** What a copy comes to, roughly: free pages are not copied. 0 when the file cannot be read. */
function contentBytes(path: string): number {
  try {
    using db = new Database(path, { readonly: true });
    const pragma = (name: string) => db.query(`PRAGMA ${name}`).values()[0]?.[0] as number;
    return (pragma("page_count") - pragma("freelist_count")) * pragma("page_size");
  } catch {
    return 0;
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

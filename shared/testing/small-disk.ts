import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

/** A small disk of its own, to be filled; disposal takes it away with all that is on it. */
export interface SmallDisk extends Disposable {
  readonly path: string;
  /** Takes all room that is left, but for some bytes. */
  fill(leaveBytes?: number): void;
  /** Gives back what {@link fill} took. */
  free(): void;
}

/** Why this process cannot have a disk of its own; undefined when it can. */
export function whyNoSmallDisk(folder: string): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "mount takes root on Linux";
  const { exitCode, stderr } = mount(folder, 64 * 1024);
  if (exitCode !== 0) return stderr.toString().trim();
  unmount(folder);
  return undefined;
}

/** Mounts a tmpfs of `bytes` at `path`. */
export function smallDisk(path: string, bytes: number): SmallDisk {
  mkdirSync(path, { recursive: true });
  const { exitCode, stderr } = mount(path, bytes);
  if (exitCode !== 0) throw new Error(stderr.toString());
  const ballast = join(path, "ballast");
  return {
    path,
    fill(leaveBytes = 0) {
      const spare = join(path, "spare");
      writeFileSync(spare, Buffer.alloc(leaveBytes));
      writeUntilFull(ballast);
      rmSync(spare);
    },
    free: () => rmSync(ballast, { force: true }),
    [Symbol.dispose]: () => unmount(path),
  };
}

const mount = (path: string, bytes: number) =>
  Bun.spawnSync(["mount", "-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", path]);

// Lazily, because a process that is being killed may still hold a file open.
const unmount = (path: string) => void Bun.spawnSync(["umount", "--lazy", path]);

function writeUntilFull(path: string): void {
  const file = openSync(path, "a");
  const page = Buffer.alloc(4096);
  try {
    for (;;) writeSync(file, page);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
  } finally {
    closeSync(file);
  }
}

import { readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";

/**
 * The other processes that have a file open, as `pid 42 (bun src/main.ts)`, where the system tells
 * (Linux, and only of processes that one may look at); none elsewhere.
 */
export function findOpeners(path: string): string[] {
  const target = attempt(() => realpathSync(path));
  const pids = attempt(() => readdirSync("/proc")) ?? [];
  return pids
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      const files = attempt(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
      return files.some((fd) => attempt(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) === target);
    })
    .map((pid) => {
      const command = attempt(() => readFileSync(`/proc/${pid}/cmdline`, "utf8")) ?? "";
      return `pid ${pid} (${command.split("\0").filter(Boolean).join(" ")})`;
    });
}

/** Processes end while they are looked at. */
function attempt<Value>(look: () => Value): Value | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

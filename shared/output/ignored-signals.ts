import { readFileSync } from "node:fs";
import { constants } from "node:os";

/**
 * Whether this process was started with a signal ignored, as `nohup` does with SIGHUP; listening to
 * it would end that. Only Linux tells (proc_pid_status(5)); elsewhere nothing counts as ignored.
 */
export function isIgnored(signal: NodeJS.Signals): boolean {
  try {
    const [, mask = "0"] =
      /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
    return ((BigInt(`0x${mask}`) >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n;
  } catch {
    return false;
  }
}

import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Linux counts a process's time in hundredths of a second (USER_HZ, see proc(5)). */
const TICKS_PER_SECOND = 100;
const UTIME = 11;
const STIME = 12;
const LISTENING = "0A";

/** Seconds of processor time that a process has used with all its threads; NaN when it is gone. */
export function cpuSecondsOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name, in parentheses, may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[UTIME]) + Number(fields[STIME])) / TICKS_PER_SECOND;
  } catch {
    return Number.NaN;
  }
}

/** The resident memory of a process in MiB; NaN when it is gone. */
export function residentMib(pid: number): number {
  try {
    const [, kib] = /VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return Number(kib) / 1024;
  } catch {
    return Number.NaN;
  }
}

/** The process that listens on a TCP port of this machine, where `/proc` tells. */
export function pidListeningOn(port: number): number | undefined {
  const inodes = new Set(["tcp", "tcp6"].flatMap((table) => inodesOf(table, port)));
  for (const pid of namesIn("/proc").filter((name) => /^\d+$/.test(name))) {
    for (const fd of namesIn(`/proc/${pid}/fd`)) {
      if (inodes.has(linkOf(`/proc/${pid}/fd/${fd}`))) return Number(pid);
    }
  }
  return undefined;
}

function inodesOf(table: string, port: number): string[] {
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  try {
    return readFileSync(`/proc/net/${table}`, "utf8")
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local, , state]) => local?.endsWith(`:${hexPort}`) && state === LISTENING)
      .map((fields) => `socket:[${fields[9]}]`);
  } catch {
    return [];
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

import { sleep } from "./sleep.ts";

/** The resident memory of one process at one time. */
export interface MemorySample {
  name: string;
  /** Seconds after the start. */
  atS: number;
  mib: number;
}

/** How one process's memory went, in MiB, by the medians of two minutes; undefined: not measured. */
export interface MemoryTrend {
  name: string;
  thirdMinute: number | undefined;
  lastMinute: number | undefined;
  most: number;
}

/** Most that the last minute may be of the third. */
export const MEMORY_LIMIT = 1.2;
/** Shorter runs have no last minute after the third. */
const SHORTEST_S = 240;
const EVERY_MS = 2_000;

/** Looks at the memory of processes, by pid and name, every two seconds until `signal`. */
export async function watchMemory(
  processes: () => ReadonlyMap<number, string>,
  samples: MemorySample[],
  signal: AbortSignal,
): Promise<void> {
  const startedAt = performance.now();
  while (!signal.aborted) {
    const names = processes();
    const atS = (performance.now() - startedAt) / 1000;
    for (const [pid, mib] of await readMemory([...names.keys()])) {
      samples.push({ name: names.get(pid) ?? "", atS, mib });
    }
    await sleep(EVERY_MS, signal);
  }
}

/** Resident memory by process id, in MiB. */
export async function readMemory(pids: readonly number[]): Promise<Map<number, number>> {
  const ps = Bun.spawn(["ps", "-o", "pid=,rss=", "-p", pids.join(",")], { stderr: "ignore" });
  const lines = (await new Response(ps.stdout).text()).split("\n");
  return new Map(
    lines.flatMap((line) => {
      const [pid, kib] = line.trim().split(/\s+/).map(Number);
      return pid && kib ? [[pid, kib / 1024] as const] : [];
    }),
  );
}

/** Whether a run is long enough for its memory to have a trend. */
export const hasTrend = (lengthS: number): boolean => lengthS >= SHORTEST_S;

/** The trend of every process; none for a run that is too short to have one. */
export function memoryTrends(samples: readonly MemorySample[], lengthS: number): MemoryTrend[] {
  if (!hasTrend(lengthS)) return [];
  return [...Map.groupBy(samples, ({ name }) => name)].map(([name, of]) => {
    const between = (least: number, most: number) =>
      of.filter(({ atS }) => atS >= least && atS < most).map(({ mib }) => mib);
    return {
      name,
      thirdMinute: median(between(120, 180)),
      lastMinute: median(between(lengthS - 60, lengthS)),
      most: Math.max(...of.map(({ mib }) => mib)),
    };
  });
}

/** The middle of some numbers, or between the middle two; undefined of none. */
export function median(numbers: readonly number[]): number | undefined {
  const sorted = numbers.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  return upper === undefined || lower === undefined ? undefined : (lower + upper) / 2;
}

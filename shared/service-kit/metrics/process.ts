import { monitorEventLoopDelay } from "node:perf_hooks";
import { Counter, Gauge, type Registry } from "prom-client";
import manifest from "../package.json" with { type: "json" };
import { showCount } from "./values.ts";

/** How often the event loop's delay is sampled while somebody scrapes, in milliseconds. */
const LAG_RESOLUTION_MS = 100;
/** Without a scrape for this long, sampling ends: nobody is looking. */
const LAG_WATCH_MS = 150_000;

/**
 * What runs, and what it takes of the machine. prom-client's own default metrics are left out: on
 * Bun some of them are empty, others name a Node that is not there, and sampling never rests.
 */
export function processMetrics(
  registry: Registry,
  service: string,
  droppedLogLines: () => number,
): () => void {
  const registers = [registry];
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  new Gauge({
    name: "service_build_info",
    help: "1; its labels say what runs.",
    labelNames: ["service", "version", "bun"],
    registers,
  }).set({ service, version: manifest.version, bun: Bun.version }, 1);
  gauge("process_start_time_seconds", "When the process started, since the epoch.").set(
    performance.timeOrigin / 1000,
  );
  const cpu = new Counter({
    name: "process_cpu_seconds_total",
    help: "Processor time of all threads, in user and system mode.",
    registers,
  });
  const memory = gauge("process_resident_memory_bytes", "Memory that the process takes.");
  const heap = gauge("process_heap_used_bytes", "JavaScript heap in use on the main thread.");
  const lag = gauge(
    "event_loop_lag_max_seconds",
    "Longest delay of a due timer on the main thread since the last scrape, sampled every 100 ms.",
  );
  const dropped = new Counter({
    name: "log_lines_dropped_total",
    help: "Log lines that standard output did not take: its reader stalls or is gone, or its disk is full.",
    registers,
  });
  const readLag = watchEventLoop();

  return function refresh(): void {
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    showCount(cpu, (user + system) / 1e6);
    memory.set(rss);
    heap.set(heapUsed);
    lag.set(readLag());
    showCount(dropped, droppedLogLines());
  };
}

/** Samples only between scrapes, so that an idle process that nobody scrapes stays asleep. */
function watchEventLoop(): () => number {
  let delay: ReturnType<typeof monitorEventLoopDelay> | undefined;
  let end: Timer | undefined;
  return () => {
    delay ??= monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
    const longest = delay.max / 1e9;
    delay.reset();
    delay.enable();
    clearTimeout(end);
    end = setTimeout(() => delay?.disable(), LAG_WATCH_MS);
    end.unref();
    return longest;
  };
}

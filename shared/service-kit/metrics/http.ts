import { Counter, Histogram, type Registry } from "prom-client";

/** From a quick read to a request that waited for a busy disk. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** Notes one answered request; `route` is a pattern, never a path: anybody can make up paths. */
export type NoteRequest = (
  method: string,
  route: string,
  status: number,
  durationMs: number,
) => void;

/** What clients ask and get. */
export function httpMetrics(registry: Registry): { note: NoteRequest; refresh(): void } {
  const registers = [registry];
  const requests = new Counter({
    name: "http_requests_total",
    help: "Requests answered, by route pattern; `none` stands for addresses that do not exist.",
    labelNames: ["method", "route", "status"],
    registers,
  });
  const durations = new Histogram({
    name: "http_request_duration_seconds",
    help: "Time from a request's headers to its answer.",
    labelNames: ["method", "route"],
    buckets: SECONDS,
    registers,
  });
  // A map's entry costs a tenth of what prom-client's counter does, and this is done per request.
  const counts = new Map<string, { method: string; route: string; status: number; n: number }>();

  return {
    note(given, route, status, durationMs) {
      const method = METHODS.includes(given) ? given : "other";
      const key = `${method} ${status} ${route}`;
      const count = counts.get(key);
      if (count === undefined) counts.set(key, { method, route, status, n: 1 });
      else count.n += 1;
      durations.observe({ method, route }, durationMs / 1000);
    },
    refresh() {
      requests.reset();
      for (const { n, ...labels } of counts.values()) requests.inc(labels, n);
    },
  };
}

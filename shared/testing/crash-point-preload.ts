/**
 * Preloaded into a process, this kills it (SIGKILL) at a named step of a diagnostics channel:
 * `CRASH_AT=<channel>:<step>`, with `CRASH_COUNT=<n>` at the n-th time (1 when unset).
 * `CRASH_MODE=hang` makes the thread hang there instead. It reaches into the process's workers, too,
 * because the relay lives in one. A step that concerned no rows, such as a look at an empty outbox,
 * does not count.
 */
import { channel } from "node:diagnostics_channel";

const [name, step] = (process.env.CRASH_AT ?? "").split(":");
let left = Number(process.env.CRASH_COUNT ?? 1);

if (Bun.isMainThread) {
  const PlainWorker = globalThis.Worker;
  globalThis.Worker = class extends PlainWorker {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, { ...options, preload: [import.meta.path] });
    }
  } as typeof Worker;
}

if (name && step) {
  const steps = channel(name);
  // Bun lets go of a channel that only has subscribers, and the program makes another one.
  Object.assign(globalThis, { [Symbol.for("order-outbox.crash-point")]: steps });
  steps.subscribe((message) => {
    const { step: told, ids } = message as { step?: unknown; ids?: unknown };
    if (told !== step || (Array.isArray(ids) && ids.length === 0)) return;
    left -= 1;
    if (left > 0) return;
    if (process.env.CRASH_MODE === "hang") for (;;);
    process.kill(process.pid, "SIGKILL");
  });
}

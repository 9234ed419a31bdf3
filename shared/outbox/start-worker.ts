import { AppError, type Clock } from "@order-outbox/errors";
import type { Log } from "@order-outbox/kafka";
import type { FromWorker, OutboxStatus, OutboxWorkerSettings, ToWorker } from "./messages.ts";

/** How to start an outbox worker. */
export interface StartOutboxWorkerOptions {
  /** The service's own entry file, which calls `serveOutboxWorker`. */
  entry: URL;
  settings: OutboxWorkerSettings;
  log: Log;
  /** Called once if the worker ends without having been told to, or hangs: WORKER_FAILED. */
  onFailure(error: AppError): void;
  /** Hears every few seconds how long the broker took to answer each round since, in milliseconds. */
  onRounds?(durationsMs: readonly number[]): void;
  monotonic: Clock;
}

const TICK_MS = 1_000;
/** The worker gives a sign of life every two seconds. */
const MISSED_TICKS = 15;

/** A service's outbox worker, seen from its main thread. */
export interface OutboxWorker {
  /** Says that a commit has put rows into the outbox. Cheap; call it for every commit. */
  wake(): void;
  /** The relay's status as of the last sign of life; undefined before the first. */
  status(): OutboxStatus | undefined;
  /** Milliseconds since the last sign of life. */
  silentFor(): number;
  /** Resolves when the round in flight is done, the rows are marked and the thread has ended. */
  stop(): Promise<void>;
}

/**
 * Starts the relay of an outbox in a thread of its own. The database must be open and migrated
 * already: Bun is known to fail when threads open and create one file at once.
 *
 * @example
 * // worker.ts calls serveOutboxWorker.
 * const entry = new URL("./worker.ts", import.meta.url);
 * const worker = startOutboxWorker({ entry, settings, log, monotonic, onFailure: () => process.exit(1) });
 * db.transaction(storeOrderAndEvent)();
 * worker.wake();
 */
export function startOutboxWorker(options: StartOutboxWorkerOptions): OutboxWorker {
  const { entry, settings, log, onFailure, monotonic } = options;
  const ended = Promise.withResolvers<void>();
  let status: OutboxStatus | undefined;
  let lastSign = monotonic();
  let stopping = false;

  const worker = new Worker(entry, { name: "outbox" });
  const tell = (message: ToWorker) => worker.postMessage(message);

  worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => {
    lastSign = monotonic();
    silentTicks = 0;
    switch (data.type) {
      case "ready":
        tell({ type: "start", settings });
        if (stopping) tell({ type: "stop" });
        break;
      case "heartbeat":
        status = data.status;
        options.onRounds?.(data.rounds);
        break;
      case "log":
        log[data.level]({ component: "outbox", ...data.fields }, data.message);
        break;
      case "stopped":
        stopping = true;
    }
  });
  // Counted in this thread's own ticks: a process that was stopped as a whole has not missed any.
  let silentTicks = 0;
  const watch = setInterval(() => {
    silentTicks += 1;
    if (silentTicks === MISSED_TICKS) end("it gave no sign of life and seems to hang");
  }, TICK_MS);
  watch.unref();

  worker.addEventListener("error", (event) => end(event.message));
  worker.addEventListener("close", () => end("the thread closed"));

  function end(reason: string): void {
    clearInterval(watch);
    ended.resolve();
    if (stopping) return;
    stopping = true;
    onFailure(new AppError("WORKER_FAILED", `the outbox worker ended: ${reason}`));
  }

  return {
    wake: () => tell({ type: "wake" }),
    status: () => status,
    silentFor: () => monotonic() - lastSign,
    stop() {
      stopping = true;
      tell({ type: "stop" });
      return ended.promise;
    },
  };
}

import { createLogger, onShutdown } from "./mod.ts";

// What the last step does: the first argument.
const [, , ending, timeoutMs] = process.argv;

async function closeDatabase(): Promise<void> {
  if (ending === "fails") throw new Error("cannot close");
  if (ending === "hangs") await new Promise(() => {});
}

const logger = createLogger({ service: "fixture", level: "debug", format: "pretty", color: false });
const keepAlive = setInterval(() => {}, 1_000);
const shutdown = onShutdown({
  logger,
  timeoutMs: Number(timeoutMs),
  steps: [
    { name: "http", run: () => Bun.sleep(5) },
    { name: "timer", run: () => clearInterval(keepAlive) },
    { name: "database", run: closeDatabase },
  ],
});
if (ending === "itself") shutdown("the worker died");
logger.info({}, "started");

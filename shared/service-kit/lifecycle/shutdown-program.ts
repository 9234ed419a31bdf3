import { writeFileSync } from "node:fs";
import { createLogger } from "../logs/logger.ts";
import { endOnUncaught } from "./end-process.ts";
import { onShutdown } from "./shutdown.ts";

// How it ends: the first argument. The last names a file that it makes when it has started.
const [, , ending, timeoutMs, startedPath] = process.argv;

async function closeDatabase(): Promise<void> {
  if (ending === "fails") throw new Error("cannot close");
  if (ending === "hangs") await new Promise(() => {});
}

async function closeServer(): Promise<void> {
  await Bun.sleep(5);
  if (ending === "fails early") throw new Error("cannot close");
}

const logger = createLogger({ service: "sample", level: "debug", format: "pretty", color: false });
endOnUncaught(logger);
const keepAlive = setInterval(() => {}, 1_000);
const shutdown = onShutdown({
  logger,
  timeoutMs: Number(timeoutMs),
  steps: [
    { name: "http", run: closeServer },
    { name: "timer", run: () => clearInterval(keepAlive) },
    { name: "database", run: closeDatabase },
  ],
});
if (ending === "itself") shutdown("the worker died");
logger.info({}, "started");
if (startedPath !== undefined) writeFileSync(startedPath, "");
if (ending === "throws") throw new Error("on purpose");
if (ending === "rejects") void Promise.reject(new Error("on purpose"));

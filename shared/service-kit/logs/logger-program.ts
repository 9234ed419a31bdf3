// Logs two lines and ends in the same turn, in the way that it is told, or as many as nobody can take.
import { createLogger } from "./logger.ts";

const logger = createLogger({ service: "ending", format: "json" });
if (process.argv[2] === "flood") {
  for (let n = 0; n < 100_000; n++) logger.info({ n }, "one of many");
} else {
  logger.info({}, "first");
  logger.info({}, "last");
}
if (process.argv[2] === "throw") throw new Error("on purpose");
if (process.argv[2] === "exit") process.exit(0);

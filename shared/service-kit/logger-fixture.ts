// Logs two lines and ends in the same turn, in the way that it is told.
import { createLogger } from "./mod.ts";

const logger = createLogger({ service: "ending", format: "json" });
logger.info({}, "first");
logger.info({}, "last");
if (process.argv[2] === "throw") throw new Error("on purpose");
if (process.argv[2] === "exit") process.exit(0);

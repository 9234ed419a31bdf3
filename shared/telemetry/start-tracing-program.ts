// Prints whether traces are recorded, and how many modules of OpenTelemetry that has loaded.
import { startTracing } from "./mod.ts";

const tracing = await startTracing({ service: "a-service", env: process.env });
const loaded = Object.keys(require.cache).filter((path) => path.includes("@opentelemetry"));
console.log(`${tracing === undefined ? "off" : "on"}, loaded: ${loaded.length}`);
process.exit(0);

import { parseArgs } from "node:util";
import { DEFAULT_PORTS, portVariables } from "./settings.ts";

export const USAGE = `Usage: bun run start | bun run dev

Starts the services, and the embedded broker unless KAFKA_HOST is set.
--watch (bun run dev) restarts a service when its code changes.

${portVariables.map((name) => `  ${name.padEnd(17)}  ${DEFAULT_PORTS[name]}`).join("\n")}
  DATA_DIR           .data   the databases, and the broker's data
  KAFKA_HOST                 brokers of your own, as host:port, comma-separated

Every other setting goes to the services as it is.
`;

/** What the start script was asked for, or what is wrong with it. */
export function readOptions(args: readonly string[]): { watch: boolean; help: boolean } | string {
  try {
    return parseArgs({
      args: [...args],
      options: {
        watch: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

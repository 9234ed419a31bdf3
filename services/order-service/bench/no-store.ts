/**
 * The service's own HTTP with the storage left out, for `bun run bench`: nothing is kept, everything
 * else is done.
 */
import { newEventId } from "@order-outbox/events";
import { createLogger, listen } from "@order-outbox/service-kit";
import { Results } from "@order-outbox/units";
import { createApp } from "../src/app.ts";

const app = createApp({
  orders: { find: async () => undefined, list: async () => [] },
  units: {
    commit: async ({ effects }) => ({ committed: true, results: new Results(effects) }),
  },
  sources: { newId: newEventId, now: Date.now },
  keys: { find: async () => undefined },
  keyRetentionMs: 0,
  keyClock: Date.now,
  operations: {
    logger: createLogger({ service: "order-service", level: "warn", format: "json" }),
    health: { service: "order-service", readiness: () => "ready" },
  },
});
const server = listen(app, { host: "127.0.0.1", port: 0 });
console.log(`listening on ${server.port}`);
process.stdin.on("end", () => process.exit(0)).resume();

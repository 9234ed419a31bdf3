// A process with an outbox worker: publishes one row, and stays to be killed when it is told to, or
// stops the worker and has nothing left to do.
import { monotonic } from "@order-outbox/errors";
import { closeDatabase, openDatabase } from "@order-outbox/sqlite";
import { createOutboxReader, startOutboxWorker } from "./mod.ts";

const [kafkaHost = "", topic = "", databasePath = "", stay] = process.argv.slice(2);
const db = openDatabase(databasePath);
const reader = createOutboxReader(db);
const worker = startOutboxWorker({
  entry: new URL("./worker-program.ts", import.meta.url),
  settings: {
    database: databasePath,
    brokers: kafkaHost.split(","),
    clientId: "worker-host",
    topics: { [topic]: 1 },
    source: "/test",
    pollMs: 3_600_000,
    backoffCapMs: 2_000,
  },
  log: console,
  onFailure: (error) => console.error(error),
  monotonic,
});
while ((await reader.facts()).oldestPendingAt !== null) await Bun.sleep(10);
if (stay !== undefined) {
  console.log("published");
  await new Promise(() => {});
}
await worker.stop();
closeDatabase(db);
console.log("stopped");

// Prunes an outbox and kills itself at the second step of the given name.
import { subscribe } from "node:diagnostics_channel";
import { createCommitQueue, openDatabase } from "@order-outbox/sqlite";
import { PRUNE_CRASH_POINTS, type PruneCrashPoint, startAgePruner } from "@order-outbox/units";
import { settledRows } from "../mod.ts";

const [databasePath = "", killAt] = process.argv.slice(2);
let seen = 0;
subscribe(PRUNE_CRASH_POINTS, (message) => {
  if ((message as PruneCrashPoint).step !== killAt) return;
  seen += 1;
  if (seen === 2) process.kill(process.pid, "SIGKILL");
});

const db = openDatabase(databasePath);
startAgePruner({
  target: settledRows(db, createCommitQueue(db)),
  keepMs: 1,
  now: Date.now,
  random: () => 0,
  log: console,
  firstMs: 1,
});
// Pruning keeps no process alive.
setInterval(() => {}, 1_000);

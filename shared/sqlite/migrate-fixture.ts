import { closeDatabase, migrate, openDatabase } from "./mod.ts";

/** Migrates the file in its first argument once a line arrives, so that several start together. */
console.log("ready");
for await (const _ of console) break;
const db = openDatabase(process.argv[2] ?? "");
const steps = Array.from({ length: 20 }, (_, i) => ({
  name: `step ${i}`,
  up: `CREATE TABLE t${i} (x); INSERT INTO t${i} VALUES (${process.pid})`,
}));
migrate(db, steps);
closeDatabase(db);

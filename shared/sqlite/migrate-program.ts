import { closeDatabase, migrate, openDatabase } from "./mod.ts";

const STEPS = Array.from({ length: 5 }, (_, i) => ({
  name: `step ${i}`,
  up: `CREATE TABLE t${i} (pid); INSERT INTO t${i} VALUES (${process.pid})`,
}));

/** Opens and migrates the file named on each line of its input, and answers with what became of it. */
console.log("ready");
for await (const path of console) {
  try {
    const db = openDatabase(path);
    migrate(db, STEPS);
    closeDatabase(db);
    console.log("migrated");
  } catch (error) {
    console.log(String(error));
  }
}

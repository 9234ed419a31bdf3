import { expect, test } from "bun:test";
import { startProcess, tempDir } from "@order-outbox/testing";

const SCRIPT = `
  const { closeDatabase, createCommitQueue, openDatabase } = await import(process.argv[1]);
  const db = openDatabase(process.argv[2]);
  const queue = createCommitQueue(db);
  db.run("CREATE TABLE item (bytes BLOB)");
  const insert = db.prepare("INSERT INTO item VALUES (randomblob(50000))");
  for (;;) await queue.run(() => insert.run()).catch((error) => {
    console.log(error.code, error.cause.code);
    process.exit(0);
  });`;

test("a file that may not grow is full", async () => {
  using folder = tempDir();
  // 400 blocks of 512 bytes, or of 1024 where the shell counts so.
  const limited = ["sh", "-c", 'ulimit -f 400; exec "$@"', "sh"];
  await using child = startProcess([
    ...limited,
    ...[process.execPath, "-e", SCRIPT, `${import.meta.dir}/mod.ts`, folder.join("a.db")],
  ]);
  expect([await child.exited, child.lines]).toEqual([0, ["STORAGE_FULL SQLITE_IOERR_WRITE"]]);
});

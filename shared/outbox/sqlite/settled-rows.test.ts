import { expect, test } from "bun:test";
import { join } from "node:path";
import { createCommitQueue, openDatabase } from "@order-outbox/sqlite";
import { startProcess } from "@order-outbox/testing";
import { settledRows } from "../mod.ts";
import { tempOutbox } from "../test-outbox.ts";
import { daysAgo, describeSettledRows, prune } from "../test-settled-rows-contract.ts";
import { openOutboxDatabase } from "./test-sqlite-outbox.ts";

describeSettledRows("SQLite", openOutboxDatabase);

for (const { step, left } of [
  { step: "inside", left: 350 },
  { step: "pruned", left: 300 },
] as const) {
  test.concurrent(`killed when a step is "${step}", the database is whole and pruning goes on`, async () => {
    using outbox = tempOutbox();
    const keys = (count: number) => Array.from({ length: count }, (_, n) => `key-${n}`);
    const old = outbox.append(keys(400), { createdAt: daysAgo(90) });
    const pending = outbox.append(keys(3), { createdAt: daysAgo(80) });
    const ids = () => outbox.rows().map(({ id }) => id);
    await outbox.store.markPublished(old, daysAgo(89));
    const program = join(import.meta.dir, "prune-crash-program.ts");
    await using child = startProcess([process.execPath, program, outbox.path, step]);
    expect([await child.exited, child.lines]).toEqual([137, []]);

    using db = openDatabase(outbox.path);
    expect(db.query("PRAGMA integrity_check").values()).toEqual([["ok"]]);
    expect(ids()).toEqual([...old.slice(-left), ...pending]);
    const queue = createCommitQueue(outbox.db);
    expect(await prune(settledRows(outbox.db, queue), 30)).toBe(left);
    await queue.close();
    expect(ids()).toEqual(pending);
    expect(await outbox.pending()).toHaveLength(3);
  });
}

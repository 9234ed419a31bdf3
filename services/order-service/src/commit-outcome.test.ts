import { expect, test } from "bun:test";
import { copyFileSync, statSync } from "node:fs";
import { closeDatabase, type Database, openDatabase } from "@order-outbox/sqlite";
import { smallDisk, tempDir, whyNoSmallDisk } from "@order-outbox/testing";
import { bodyOf, openTestApp } from "./test-app.ts";

const whyNot = (() => {
  using folder = tempDir();
  return whyNoSmallDisk(folder.path);
})();
if (whyNot !== undefined) console.warn(`The test of a full WAL index is left out: ${whyNot}.`);

const PAGE = 4096;
/** The WAL's index grows by 32 KiB at a time; this many frames fit into the first piece. */
const FRAMES_IN_FIRST_PIECE = 4062;

const framesIn = (wal: string) => Math.floor(statSync(wal).size / (PAGE + 24));

/** Lets the WAL grow to so many frames, one for each value that is written. */
function growWal(db: Database, wal: string, frames: number): void {
  db.run("PRAGMA wal_autocheckpoint = 0");
  for (let left = frames - framesIn(wal); left > 0; left--) {
    db.run("UPDATE consumer_identity SET databaseId = hex(randomblob(16))");
  }
  expect(framesIn(wal)).toBe(frames);
}

const orderIds = (db: Database) => db.query("SELECT id FROM orders").values().flat();

test.skipIf(whyNot !== undefined)(
  "an order that a crash could still bring about is not refused with a 503",
  async () => {
    using folder = tempDir();
    using disk = smallDisk(folder.join("disk"), 24 * 1024 * 1024);
    const databasePath = `${disk.path}/orders.db`;
    using app = openTestApp({ databasePath });
    growWal(app.db, `${databasePath}-wal`, FRAMES_IN_FIRST_PIECE - 5);
    // Enough for one order's frames, and not for another piece of the index.
    disk.fill(14 * PAGE);

    const key = { "idempotency-key": "retried" };
    const order = { customerId: "customer-1", amount: 1 };
    const uncertain = await app.postOrder(order, key);
    expect([uncertain.status, (await bodyOf<{ code: string }>(uncertain)).code]).toEqual([
      500,
      "STORAGE_FAILED",
    ]);
    expect(app.counts()).toEqual({ orders: 0, outbox: 0 });

    const afterCrash = folder.join("orders.db");
    copyFileSync(databasePath, afterCrash);
    copyFileSync(`${databasePath}-wal`, `${afterCrash}-wal`);
    {
      using recovered = openTestApp({ databasePath: afterCrash });
      expect(recovered.counts()).toEqual({ orders: 1, outbox: 1 });
      expect((await recovered.postOrder(order, key)).headers.get("idempotent-replayed")).toBe(
        "true",
      );
    }

    disk.free();
    expect((await app.postOrder(order, key)).headers.has("idempotent-replayed")).toBe(false);
    const later = folder.join("later.db");
    copyFileSync(databasePath, later);
    copyFileSync(`${databasePath}-wal`, `${later}-wal`);
    const db = openDatabase(later);
    expect(orderIds(db)).toEqual(orderIds(app.db));
    closeDatabase(db);
  },
);

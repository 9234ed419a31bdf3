import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { tempDir } from "@order-outbox/testing";
import { holdAlone } from "./hold-alone.ts";

test("nobody gets into a database that is held, and everybody does afterwards", () => {
  using dir = tempDir();
  const path = dir.join("orders.db");
  {
    using db = new Database(path, { create: true });
    db.run("PRAGMA journal_mode = WAL");
    db.run("CREATE TABLE orders (id TEXT)");
  }
  using other = new Database(path);
  {
    using held = holdAlone(path);
    expect(held).toBeInstanceOf(Database);
    expect(() => other.query("SELECT count(*) FROM orders").get()).toThrow("locked");
  }
  expect(other.query("SELECT count(*) AS orders FROM orders").get()).toEqual({ orders: 0 });
});

import { expect, test } from "bun:test";
import { readdirSync, statSync } from "node:fs";
import { tempDir } from "@order-outbox/testing";
import { claimFolder, findRunning } from "./running.ts";

test("what runs in a folder is for its owner's eyes, and leaves no journal", () => {
  using dir = tempDir();
  const system = { pid: process.pid, brokers: "localhost:9092", urls: [] };
  expect(findRunning(dir.path)).toBeUndefined();
  expect(claimFolder(dir.path, system)).toBe(true);
  expect(readdirSync(dir.path).toSorted()).toEqual(["running.json", "running.lock"]);
  expect(statSync(dir.join("running.json")).mode & 0o777).toBe(0o600);
});

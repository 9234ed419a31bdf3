import { expect, test } from "bun:test";
import { startProcess, type TopicRecord, tempDir, waitFor } from "@order-outbox/testing";
import { median, memoryTrends, readMemory } from "@order-outbox/tool-kit";
import { check, countOf, someOf } from "./checks.ts";
import { openDisk } from "./disk.ts";
import { createLocks } from "./locks.ts";
import { readOptions } from "./options.ts";
import { formatProgress } from "./progress.ts";
import { countIds, splitAt } from "./topics.ts";

test("options have defaults, and what is wrong with them is said", () => {
  expect(readOptions([])).toEqual({
    minutes: 2,
    seed: 1,
    broker: "dev",
    rate: 100,
    report: undefined,
    keep: false,
  });
  expect(readOptions(["--help"])).toBeUndefined();
  expect(readOptions(["--minutes", "0"])).toBe("--minutes is a number from 1 to 600");
  expect(readOptions(["--seed", "x"])).toBe("--seed is a whole number");
  expect(readOptions(["--rate", "-1"])).toContain("--rate");
  expect(readOptions(["--broker", "redpanda"])).toBe("--broker is dev or real");
  expect(readOptions(["--what"])).toContain("--what");
});

test("work under one name waits for its turn, also after a failure, and under others does not", async () => {
  const locks = createLocks();
  const gate = Promise.withResolvers<void>();
  const seen: string[] = [];
  const first = locks.holdAll(["a", "b"], async () => {
    await gate.promise;
    seen.push("first");
    throw new Error("failed");
  });
  const second = locks.hold("a", async () => void seen.push("second"));
  await locks.hold("c", async () => void seen.push("elsewhere"));
  gate.resolve();
  await expect(first).rejects.toThrow("failed");
  await second;
  expect(seen).toEqual(["elsewhere", "first", "second"]);
});

test("memory is compared by the medians of the third and the last minute", () => {
  const samples = Array.from({ length: 300 }, (_, atS) => ({ name: "a", atS, mib: 100 + atS }));
  expect(memoryTrends(samples, 300)).toEqual([
    { name: "a", thirdMinute: 249.5, lastMinute: 369.5, most: 399 },
  ]);
  expect(memoryTrends(samples, 200)).toEqual([]);
  expect(memoryTrends(samples.slice(0, 100), 300)).toEqual([
    { name: "a", thirdMinute: undefined, lastMinute: undefined, most: 199 },
  ]);
  expect([median([]), median([3, 1, 2]), median([4, 1])]).toEqual([undefined, 2, 2.5]);
});

test("the memory of a live process is read, and a dead one has none", async () => {
  await using child = startProcess(["sleep", "100"]);
  const memory = await readMemory([child.pid, 4_000_000]);
  expect([...memory.keys()]).toEqual([child.pid]);
  expect(memory.get(child.pid)).toBeGreaterThan(0.1);
});

const record = (key: string, id: string, timestamp: number): TopicRecord => ({
  partition: 0,
  offset: 0,
  key,
  value: "",
  headers: { ce_id: id },
  timestamp,
});

test("an order with two event ids is named, one whose event was repeated is not", () => {
  const records = [
    record("a", "1", 0),
    record("a", "1", 0),
    record("b", "2", 0),
    record("b", "3", 0),
  ];
  expect(countIds("t", records)).toEqual(["order b has 2 event ids in t"]);
});

test("records are split at the times at which their numbers begin anew", () => {
  const records = [1, 5, 6, 9].map((at) => record("a", `${at}`, at));
  const times = (parts: TopicRecord[][]) => parts.map((part) => part.map((one) => one.timestamp));
  expect(times(splitAt(records, [9, 5]))).toEqual([[1], [5, 6], [9]]);
  expect(times(splitAt(records, []))).toEqual([[1, 5, 6, 9]]);
});

test("violations are summed up by concern, and shown up to a number", () => {
  const checks = [
    check("losses", "a", ["1", "2", "3"]),
    check("losses", "b", ["4"]),
    check("running", "c", ["5"]),
  ];
  expect(countOf(checks, "losses")).toBe(4);
  expect(checks.map((one) => someOf(one, 2))).toEqual([["1", "2", "and 1 more"], ["4"], ["5"]]);
});

test("the progress line has everything in it", () => {
  const progress = { elapsedS: 61, accepted: 6100, waiting: 3, kills: 20, faults: 41, pending: 7 };
  expect(formatProgress(progress)).toBe(
    "1:01  6100 orders (100/s, 3 waiting)  20 kills  41 faults  7 not final",
  );
});

/** Whether a disk can be filled here: something may be mounted, or the size of files limited. */
const canFill = await (async () => {
  using folder = tempDir();
  await using disk = await openDisk(folder.join("disk"));
  return disk.kind !== "none";
})();

test.if(canFill)("a disk that is full takes nothing more until it is freed", async () => {
  using folder = tempDir();
  await using disk = await openDisk(folder.join("disk"));
  // A process of its own writes: this one's limits must stay as they are.
  const code = `
    const { openSync, writeSync } = require("node:fs");
    const file = openSync(process.argv[1], "a");
    const page = Buffer.alloc(8192);
    setInterval(() => {
      try {
        writeSync(file, page);
        console.log("written");
      } catch (error) {
        console.log(error.code);
      }
    }, 5);`;
  await using writer = startProcess([process.execPath, "-e", code, `${disk.folder}/file`]);
  await writer.waitForLine("written");
  expect(await disk.fill(writer.pid)).toBe(true);
  await writer.waitForLine(/ENOSPC|EFBIG/);
  await disk.free(writer.pid);
  const refused = writer.lines.length;
  await waitFor(() => writer.lines.slice(refused).includes("written"), { what: "room again" });
});

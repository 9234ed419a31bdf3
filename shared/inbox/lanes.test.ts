import { expect, test } from "bun:test";
import { createLanes } from "./lanes.ts";

const never = new AbortController().signal;
const fail = (error: unknown) => {
  throw error;
};

test("tasks of one key run in order, those of other keys beside them", async () => {
  const lanes = createLanes(10, fail);
  const gate = Promise.withResolvers<void>();
  const done: string[] = [];
  await lanes.enter("a", () => gate.promise.then(() => void done.push("a1")), never);
  await lanes.enter("a", async () => void done.push("a2"), never);
  const b = Promise.withResolvers<void>();
  const finishB = async () => {
    done.push("b1");
    b.resolve();
  };
  await lanes.enter("b", finishB, never);
  await b.promise;
  expect(done).toEqual(["b1"]);
  gate.resolve();
  await lanes.idle();
  expect(done).toEqual(["b1", "a1", "a2"]);
  expect(lanes.size).toBe(0);
});

test("a task over the limit is taken in when another one ends", async () => {
  const lanes = createLanes(1, fail);
  const first = Promise.withResolvers<void>();
  await lanes.enter("a", () => first.promise, never);
  const second = lanes.enter("b", async () => {}, never);
  expect(await Promise.race([second, Promise.resolve("waiting")])).toBe("waiting");
  expect(lanes.size).toBe(1);
  first.resolve();
  expect(await second).toBe(true);
  await lanes.idle();
});

test("a task that waits for room is not taken in once its signal aborts", async () => {
  const lanes = createLanes(1, fail);
  const gate = Promise.withResolvers<void>();
  const abort = new AbortController();
  const ran: string[] = [];
  await lanes.enter("a", () => gate.promise, never);
  const waiting = lanes.enter("b", async () => void ran.push("b"), abort.signal);
  abort.abort();
  expect(await waiting).toBe(false);
  gate.resolve();
  await lanes.idle();
  expect(ran).toEqual([]);
});

test("a task that throws reaches the owner and does not stop its lane", async () => {
  const defects: unknown[] = [];
  const lanes = createLanes(5, (error) => defects.push(error));
  const defect = new Error("a defect");
  const ran: string[] = [];
  await lanes.enter("a", () => Promise.reject(defect), never);
  await lanes.enter("a", async () => void ran.push("b"), never);
  await lanes.idle();
  expect([defects, ran]).toEqual([[defect], ["b"]]);
});

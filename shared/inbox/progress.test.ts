import { expect, test } from "bun:test";
import { AppError } from "@order-outbox/errors";
import { createProgress } from "./progress.ts";

function setUp() {
  const at = { elapsed: 1_000 };
  const progress = createProgress(
    () => at.elapsed,
    () => 5_000_000,
  );
  const pass = (ms: number) => {
    at.elapsed += ms;
  };
  return { progress, pass };
}

test("before the first progress there is nothing to tell", () => {
  const { progress, pass } = setUp();
  pass(60_000);
  expect([progress.sinceMs(), progress.lastAt()]).toEqual([null, null]);
  progress.note();
  pass(7);
  expect([progress.sinceMs(), progress.lastAt()]).toEqual([7, 5_000_000]);
});

test("a call in flight within its limit is progress, and its end is", async () => {
  const { progress, pass } = setUp();
  progress.note();
  const slow = Promise.withResolvers<string>();
  const hanging = Promise.withResolvers<void>();
  const calls = [
    progress.call(75_000, () => slow.promise),
    progress.call(10, () => hanging.promise),
  ];
  pass(75_000);
  expect(progress.sinceMs()).toBe(0);
  slow.resolve("done");
  expect(await calls[0]).toBe("done");
  expect(progress.sinceMs()).toBe(0);
  pass(8);
  expect(progress.sinceMs()).toBe(8);
  hanging.resolve();
  await calls[1];
});

test("a call beyond its limit is none", async () => {
  const { progress, pass } = setUp();
  progress.note();
  const hanging = Promise.withResolvers<void>();
  const call = progress.call(75_000, () => hanging.promise);
  pass(75_001);
  expect(progress.sinceMs()).toBe(75_001);
  hanging.resolve();
  await call;
});

test("a call that fails is progress, unless a database's trouble makes it be tried again", async () => {
  const { progress, pass } = setUp();
  progress.note();
  pass(100);
  const fail = (error: AppError) => progress.call(10, () => Promise.reject(error)).catch(() => {});
  await fail(new AppError("STORAGE_FULL", "the ledger is full"));
  expect(progress.sinceMs()).toBe(100);
  await fail(new AppError("HANDLER_FAILED", "declined"));
  expect(progress.sinceMs()).toBe(0);
});

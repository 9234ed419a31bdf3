import { expect, test } from "bun:test";
import { createWaker } from "./waker.ts";

const LONG = 3_600_000;

test("a rest ends with a wake, with one that came before it, or when its time has passed", async () => {
  const waker = createWaker();
  const resting = waker.waitForWork(LONG);
  waker.wake();
  await resting;
  waker.wake();
  waker.wake();
  await waker.waitForWork(LONG);
  await waker.waitForWork(1);
});

test("a pause is not cut short by a wake, which the next rest still finds", async () => {
  const waker = createWaker();
  let paused = true;
  const pause = waker.pause(LONG).then(() => {
    paused = false;
  });
  waker.wake();
  await Bun.sleep(0);
  expect(paused).toBe(true);
  await waker.waitForWork(LONG);
  waker.stop();
  await pause;
});

test("a stop ends every rest, now and later", async () => {
  const waker = createWaker();
  const pause = waker.pause(LONG);
  expect(waker.stopped).toBe(false);
  waker.stop();
  await pause;
  await waker.pause(LONG);
  await waker.waitForWork(LONG);
  expect(waker.stopped).toBe(true);
});

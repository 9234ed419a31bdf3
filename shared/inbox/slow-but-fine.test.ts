import { expect, test } from "bun:test";
import { AppError } from "@order-outbox/errors";
import { waitFor } from "@order-outbox/testing";
import { createHeldDesk, judgeInbox } from "./mod.ts";
import { openReader, openStream, orderCreated } from "./test-inbox.ts";

/** A reader whose calls take as long as the test says, and whose clock the test moves. */
async function setUp(limitMs = 75_000) {
  await using opened = new AsyncDisposableStack();
  const stream = opened.use(await openStream());
  const reader = opened.use(openReader(stream));
  const at = { added: 0 };
  const calls: { answer: () => void; fail: (error: AppError) => void }[] = [];
  const inbox = reader.start({
    monotonic: () => performance.now() + at.added,
    retry: { attempts: 1, baseMs: 1, capMs: 1 },
    handlers: {
      ORDER_CREATED: {
        limitMs,
        prepare: () =>
          new Promise<void>((answer, fail) => {
            calls.push({ answer, fail });
          }),
        decide: reader.leaveRow,
      },
    },
  });
  const nextCall = async (count: number) => {
    await waitFor(() => calls.length === count, { what: `call ${count}` });
    return calls[count - 1] as (typeof calls)[number];
  };
  await waitFor(() => inbox.status().lags.length > 0, {
    what: "the first look at the topics' ends",
  });
  const resources = opened.move();
  return {
    stream,
    reader,
    inbox,
    nextCall,
    pass(ms: number) {
      at.added += ms;
    },
    /** Whether it is well while records wait. */
    async health() {
      await waitFor(() => inbox.status().ownLag > 0, { what: "lag" });
      return judgeInbox(inbox.status()).ok;
    },
    async [Symbol.asyncDispose]() {
      for (const call of calls) call.answer();
      await resources.disposeAsync();
    },
  };
}

test("an inbox is well while a slow call is within its limit, and not beyond", async () => {
  await using s = await setUp();
  await s.stream.publish([orderCreated()]);
  const call = await s.nextCall(1);
  // Until it knows of lag it takes the time for a rest.
  await waitFor(() => s.inbox.status().ownLag > 0, { what: "lag" });
  s.pass(45_000);
  expect(await s.health()).toBe(true);
  s.pass(40_000);
  expect(await s.health()).toBe(false);
  call.answer();
  await waitFor(() => s.reader.effects().length === 1, { what: "the effect" });
  expect(judgeInbox(s.inbox.status()).ok).toBe(true);
});

test("what comes after a long rest has not waited yet", async () => {
  await using s = await setUp(1);
  s.pass(3_600_000);
  await s.stream.publish([orderCreated()]);
  const call = await s.nextCall(1);
  s.pass(10_000);
  expect(await s.health()).toBe(true);
  call.answer();
});

test("an inbox is well while a redrive is in flight and events wait behind it", async () => {
  await using s = await setUp();
  const order = orderCreated();
  await s.stream.publish([order]);
  (await s.nextCall(1)).fail(new AppError("HANDLER_FAILED", "no"));
  const held = () => s.reader.rows<{ id: number }>("SELECT id FROM held_events");
  await waitFor(() => held().length === 1, { what: "the parked event" });
  const desk = createHeldDesk({ db: s.reader.db, write: s.reader.queue.run, now: Date.now });
  await desk.redrive({ id: held()[0]?.id ?? 0 });
  const call = await s.nextCall(2);
  await s.stream.publish([{ ...orderCreated(order.subject), id: crypto.randomUUID() }]);
  await waitFor(() => s.inbox.status().ownLag > 0, { what: "lag" });
  s.pass(45_000);
  expect(await s.health()).toBe(true);
  call.answer();
  (await s.nextCall(3)).answer();
  await waitFor(() => s.reader.effects().length === 2, { what: "both effects" });
});

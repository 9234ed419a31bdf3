import { expect, test } from "bun:test";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { monotonic } from "@order-outbox/errors";
import { startBroker, waitFor } from "@order-outbox/testing";
import { type Lease, RELAY_CRASH_POINTS, type RelayCrashPoint } from "./mod.ts";
import { embeddedTest, keysOf, publishedIds, startRelay, tempOutbox } from "./test-outbox.ts";

const TWO_ROWS = { limits: { rows: 2, bytes: 100_000 } };

/** What relays of this process do, as `step ids`, until disposal. */
function watchSteps(): { steps: string[] } & Disposable {
  const steps: string[] = [];
  const note = (message: unknown) => {
    const { step, ids } = message as RelayCrashPoint;
    if (ids.length > 0) steps.push(`${step} ${ids}`);
  };
  subscribe(RELAY_CRASH_POINTS, note);
  return { steps, [Symbol.dispose]: () => void unsubscribe(RELAY_CRASH_POINTS, note) };
}

test("a full round's successor is read while it is in flight, and its rows are marked in the next flight", async () => {
  await using broker = await startBroker();
  using outbox = tempOutbox();
  using watched = watchSteps();
  outbox.append(keysOf(0, 1, 5));
  await using relay = startRelay(broker.kafkaHost, outbox, 1, TWO_ROWS);
  await relay.drained();
  await relay.end();
  expect(watched.steps).toEqual([
    "read 1,2",
    "sent 1,2",
    "read 3,4",
    "acknowledged 1,2",
    "sent 3,4",
    "marked 1,2",
    "read 5",
    "acknowledged 3,4",
    "sent 5",
    "marked 3,4",
    "acknowledged 5",
    "marked 5",
  ]);
});

embeddedTest(
  "rows that are redriven while a round is read ahead follow it, before what is behind them",
  async () => {
    await using broker = await startBroker();
    using outbox = tempOutbox();
    const [poisoned = "", other = ""] = keysOf(0, 1, 2);
    outbox.append([poisoned, poisoned, poisoned, other, other, other, other, other]);
    outbox.db.run("UPDATE outbox SET parkedAt = 'then' WHERE id = 1");
    const answer = Promise.withResolvers<undefined>();
    broker.embedded?.intercept("Produce", () => answer.promise, { times: 1 });
    using watched = watchSteps();
    await using relay = startRelay(broker.kafkaHost, outbox, 1, TWO_ROWS);
    await waitFor(() => watched.steps.includes("read 6,7"), {
      what: "the round that is read ahead",
    });
    outbox.db.run("UPDATE outbox SET parkedAt = NULL WHERE id = 1");
    answer.resolve(undefined);
    await relay.drained();
    expect(await publishedIds(broker.kafkaHost, outbox.topic)).toEqual([[4, 5, 6, 7, 1, 2, 3, 8]]);
  },
);

embeddedTest("what is read ahead is not sent once another worker has had the lease", async () => {
  await using broker = await startBroker();
  using outbox = tempOutbox();
  outbox.append(keysOf(0, 1, 5));
  const answer = Promise.withResolvers<undefined>();
  broker.embedded?.intercept("Produce", () => answer.promise, { times: 1 });
  let taken = 1;
  let held = 0;
  const lease: Lease = {
    async ensure() {
      held = taken;
      return true;
    },
    fencing: () => held,
    release: async () => {},
  };
  outbox.db.run("INSERT INTO relay_lease VALUES (1, 'me', 'here', 1, 1, 0)");
  using watched = watchSteps();
  await using relay = startRelay(broker.kafkaHost, outbox, 1, TWO_ROWS, { lease });
  await waitFor(() => watched.steps.includes("read 3,4"), { what: "the round that is read ahead" });
  outbox.db.run("UPDATE outbox SET isPublished = 1 WHERE id IN (3, 4)");
  outbox.db.run("UPDATE relay_lease SET fencing = 3");
  taken = 3;
  answer.resolve(undefined);
  await relay.drained();
  expect(await publishedIds(broker.kafkaHost, outbox.topic)).toEqual([[1, 2, 5]]);
});

test("rows that come while a relay rests after many share the next round, and the many are marked", async () => {
  await using broker = await startBroker();
  using outbox = tempOutbox();
  const [key = ""] = keysOf(0, 1, 1);
  outbox.append(Array.from({ length: 50 }, () => key));
  using watched = watchSteps();
  const startedAt = monotonic();
  const rest = Promise.withResolvers<void>();
  const append = () => {
    outbox.append([key]);
    relay.wake();
  };
  const onMark = (message: unknown) => {
    if ((message as RelayCrashPoint).step !== "marked") return;
    unsubscribe(RELAY_CRASH_POINTS, onMark);
    append();
    // In a turn of its own: a relay that did not rest would have read by then.
    setImmediate(() => {
      append();
      rest.resolve();
    });
  };
  subscribe(RELAY_CRASH_POINTS, onMark);
  // A clock that stands still makes the rest as long as it can be.
  await using relay = startRelay(broker.kafkaHost, outbox, 1, {}, { clock: () => startedAt });
  await rest.promise;
  await relay.drained();
  expect(watched.steps.map((step) => step.split(" ")[0])).toEqual([
    ...["read", "sent", "acknowledged", "marked"],
    ...["read", "sent", "acknowledged", "marked"],
  ]);
  expect(watched.steps.at(-1)).toBe("marked 51,52");
});

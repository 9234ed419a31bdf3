import { expect, test } from "bun:test";
import { join } from "node:path";
import { AppError } from "@order-outbox/errors";
import { startProcess, waitFor } from "@order-outbox/testing";
import type { CrashOrder } from "./crash-program.ts";
import { openReader, openStream, orderCreated, type Stream } from "./test-inbox.ts";

const DATABASE = "reader.db";
const SIGKILLED = 137;
/** The default run is short; CI runs them all. */
const proof = process.env.PROOF === "full" ? test.concurrent : test.skip;

/** Runs an inbox on {@link DATABASE} in a process of its own, until it kills itself as ordered. */
async function crash(
  { kafkaHost, topics, groupId, folder }: Stream,
  order: Pick<CrashOrder, "killAt" | "hangAt" | "secondGroupId">,
): Promise<void> {
  const place = { kafkaHost, topics, groupId, databasePath: join(folder, DATABASE) };
  const program = join(import.meta.dir, "crash-program.ts");
  await using child = startProcess([
    process.execPath,
    program,
    JSON.stringify({ ...place, ...order } satisfies CrashOrder),
  ]);
  expect([await child.exited, child.lines]).toEqual([SIGKILLED, []]);
}

/** What dies before its transaction leaves what one leaves that dies inside. */
const STEPS =
  process.env.PROOF === "full"
    ? (["received", "prepared", "inside", "committed"] as const)
    : (["inside", "committed"] as const);

for (const step of STEPS) {
  test.concurrent(`an event takes effect once when the process dies after "${step}"`, async () => {
    await using stream = await openStream();
    const event = orderCreated();
    await stream.publish([event]);
    await crash(stream, { killAt: { step, eventId: event.id } });

    await using reader = openReader(stream, DATABASE);
    const applied = step === "committed" ? 1 : 0;
    expect(reader.effects()).toHaveLength(applied);
    expect(reader.nextOffset() ?? 0).toBe(applied);
    const last = orderCreated();
    await stream.publish([last]);
    reader.start();
    await waitFor(() => reader.nextOffset() === 2, { what: "the end of the topic" });
    expect(reader.effects()).toEqual([event.id, last.id]);
  });
}

for (const step of ["received", "prepared", "inside", "committed"] as const) {
  for (const time of [1, 2] as const) {
    proof(
      `two consumers of one database apply an event once each when their process dies after "${step}" of one (${time})`,
      async () => {
        await using stream = await openStream();
        const [event, last] = [orderCreated(), orderCreated()];
        await stream.publish([event]);
        const groups = [`${stream.groupId}-1`, `${stream.groupId}-2`] as const;
        const [groupId, secondGroupId] = groups;
        await crash(
          { ...stream, groupId },
          { secondGroupId, killAt: { step, eventId: event.id, time } },
        );

        await using reader = openReader(stream, DATABASE);
        const appliedBy = () =>
          reader.rows(`SELECT consumer FROM inbox WHERE eventId = '${event.id}' ORDER BY consumer`);
        const offsets = () =>
          reader.rows<{ consumer: string; nextOffset: number }>(
            `SELECT consumer, nextOffset FROM consumer_offsets WHERE topic = '${stream.topics[0]}'`,
          );
        // Row, effect and offset are of one transaction, each consumer's its own.
        expect(offsets().filter(({ nextOffset }) => nextOffset === 1)).toHaveLength(
          appliedBy().length,
        );
        expect(reader.effects()).toHaveLength(appliedBy().length);
        await stream.publish([last]);
        for (const groupId of groups) reader.start({ groupId });
        await waitFor(() => offsets().filter(({ nextOffset }) => nextOffset === 2).length === 2, {
          what: "both consumers to be at the end of the topic",
        });
        expect(appliedBy()).toEqual(groups.map((consumer) => ({ consumer })));
        expect(reader.effects().toSorted()).toEqual(
          [event.id, event.id, last.id, last.id].toSorted(),
        );
      },
    );
  }
}

for (const { step, applied } of [
  { step: "redriving", applied: 0 },
  { step: "prepared", applied: 0 },
  { step: "inside", applied: 0 },
  { step: "committed", applied: 1 },
] as const) {
  proof(`a redriven event takes effect once when the process dies after "${step}"`, async () => {
    await using stream = await openStream();
    const orderId = crypto.randomUUID();
    const [first, second] = [orderCreated(orderId), orderCreated(orderId)];
    {
      await using reader = openReader(stream, DATABASE);
      const poison = () => {
        throw new AppError("HANDLER_FAILED", "poison");
      };
      reader.start({ handlers: { ORDER_CREATED: { decide: poison } } });
      await stream.publish([first, second]);
      await waitFor(() => reader.nextOffset() === 2, { what: "the end of the topic" });
      reader.db.run(
        "INSERT INTO operator_requests (kind, target, requestedAt) VALUES ('REDRIVE', ?, '')",
        [JSON.stringify({ eventKey: orderId })],
      );
    }
    await crash(stream, { killAt: { step, eventId: first.id } });

    await using reader = openReader(stream, DATABASE);
    expect(reader.effects()).toHaveLength(applied);
    reader.start();
    await waitFor(() => reader.effects().length === 2, { what: "both effects" });
    expect(reader.effects()).toEqual([first.id, second.id]);
    expect(reader.rows("SELECT * FROM held_events")).toEqual([]);
  });
}

test.concurrent("an unfinished event is not passed by later ones that were committed before a crash", async () => {
  await using stream = await openStream();
  const [hanging, ...others] = [orderCreated(), orderCreated(), orderCreated()] as const;
  await stream.publish([hanging, ...others]);
  await crash(stream, {
    hangAt: hanging.id,
    killAt: { step: "committed", eventId: others[1].id },
  });

  await using reader = openReader(stream, DATABASE);
  expect(reader.effects().toSorted()).toEqual(others.map(({ id }) => id).toSorted());
  expect(reader.nextOffset()).toBe(0);
  const inbox = reader.start();
  await waitFor(() => reader.nextOffset() === 3, { what: "the end of the topic" });
  expect(reader.effects()).toHaveLength(3);
  expect(reader.effects().at(-1)).toBe(hanging.id);
  expect(inbox.status()).toMatchObject({ processed: 1, duplicates: 2 });
});

test.concurrent("stopping finishes the events that are being worked on and leaves the others", async () => {
  await using stream = await openStream();
  const first = orderCreated();
  const sameOrder = orderCreated(first.subject);
  const other = orderCreated();
  const gate = Promise.withResolvers<void>();
  {
    await using reader = openReader(stream, DATABASE);
    let entered = false;
    const inbox = reader.start({
      concurrency: 2,
      handlers: {
        ORDER_CREATED: {
          async prepare() {
            entered = true;
            await gate.promise;
          },
          decide: reader.leaveRow,
        },
      },
    });
    await stream.publish([first, sameOrder, other]);
    await waitFor(() => entered && inbox.status().inFlight === 2, { what: "work in flight" });
    const stopped = inbox.stop();
    for (let i = 0; i < 50; i++) await stream.publish([other], stream.nudges);
    expect(inbox.status().consumer.state).toBe("joined");
    gate.resolve();
    await stopped;
    expect(reader.effects()).toEqual([first.id]);
    expect(reader.nextOffset()).toBe(1);
    expect(inbox.status()).toMatchObject({ inFlight: 0, consumer: { state: "stopped" } });
  }
  await using reader = openReader(stream, DATABASE);
  reader.start();
  await waitFor(() => reader.nextOffset() === 3, { what: "the end of the topic" });
  expect(reader.effects().toSorted()).toEqual([first.id, sameOrder.id, other.id].toSorted());
});

test.concurrent("an event that waits for another attempt is read again after a stop", async () => {
  await using stream = await openStream();
  const event = orderCreated();
  {
    await using reader = openReader(stream, DATABASE);
    let calls = 0;
    const inbox = reader.start({
      handlers: {
        ORDER_CREATED: {
          decide() {
            calls += 1;
            throw new AppError("HANDLER_FAILED", "not now", { retryable: true });
          },
        },
      },
    });
    await stream.publish([event]);
    await waitFor(() => calls === 1, { what: "the first attempt" });
    await inbox.stop();
    expect(reader.effects()).toEqual([]);
  }
  await using reader = openReader(stream, DATABASE);
  const inbox = reader.start();
  await waitFor(() => reader.effects().length > 0, { what: "the event to take effect" });
  expect(reader.effects()).toEqual([event.id]);
  expect(inbox.status().held).toEqual({});
});

test.concurrent("an event that a shutdown kept from being prepared is not parked", async () => {
  await using stream = await openStream();
  const event = orderCreated();
  {
    await using reader = openReader(stream, DATABASE);
    const gate = Promise.withResolvers<never>();
    let entered = false;
    const inbox = reader.start({
      retry: { attempts: 5, baseMs: 100, capMs: 500 },
      handlers: {
        ORDER_CREATED: {
          async prepare() {
            entered = true;
            await gate.promise;
          },
          decide: reader.leaveRow,
        },
      },
    });
    await stream.publish([event]);
    await waitFor(() => entered, { what: "the event to be prepared" });
    const stopped = inbox.stop();
    gate.reject(new AppError("SHUTTING_DOWN", "the provider is closed"));
    await stopped;
    expect(inbox.status().held).toEqual({});
    expect(reader.nextOffset() ?? 0).toBe(0);
  }
  await using reader = openReader(stream, DATABASE);
  reader.start();
  await waitFor(() => reader.nextOffset() === 1, { what: "the end of the topic" });
  expect(reader.effects()).toEqual([event.id]);
});

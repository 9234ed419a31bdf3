import { expect, test } from "bun:test";
import { EVENTS } from "@order-outbox/contracts";
import { encodeEvent } from "@order-outbox/events";
import { waitFor } from "@order-outbox/testing";
import { openReader, openStream, orderCreated } from "./test-inbox.ts";

/** Looks at where partitions end come soon one after the other. */
const intervals = { endsMs: 50 };

test.concurrent("partitions that are added are read without a restart, and lag is over all that exist", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const [topic] = stream.topics;
  await stream.publish([orderCreated()]);
  const inbox = reader.start({ intervals });
  await waitFor(() => reader.effects().length === 1, { what: "the first effect" });

  const admin = stream.client.kafkajs.admin();
  await admin.connect();
  await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
  await admin.disconnect();
  const producer = stream.client.kafkajs.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const events = [orderCreated(), orderCreated(), orderCreated()];
  await producer.send({
    topic,
    messages: events.map((event, partition) => ({ ...encodeEvent(EVENTS, event), partition })),
  });
  await producer.disconnect();

  await waitFor(() => reader.effects().length === 4, { what: "the effects of all partitions" });
  const lags = () =>
    inbox
      .status()
      .lags.filter((one) => one.topic === topic)
      .toSorted((one, other) => one.partition - other.partition);
  await waitFor(() => lags().length === 3 && inbox.status().lag === 0, { what: "no lag" });
  expect(lags()).toEqual(
    [0, 1, 2].map((partition) => ({ topic, partition, assigned: true, records: 0 })),
  );
});

test.concurrent("a member tells the lag of partitions that another has, or that nobody has read yet", async () => {
  await using stream = await openStream();
  await using idle = openReader(stream, "shared.db");
  await using blocked = openReader(stream, "shared.db");
  const release = Promise.withResolvers<void>();
  using _released = { [Symbol.dispose]: () => release.resolve() };
  const handler = { prepare: () => release.promise, decide: blocked.leaveRow };
  const first = blocked.start({ intervals, handlers: { ORDER_CREATED: handler } });
  const second = idle.start({
    intervals,
    handlers: { ORDER_CREATED: { ...handler, decide: idle.leaveRow } },
  });
  const assigned = () => [first, second].map((one) => one.status().consumer.assigned.length);
  await waitFor(() => assigned().every((count) => count > 0), { what: "both to have partitions" });
  for (const topic of stream.topics) await stream.publish([orderCreated(), orderCreated()], topic);
  const own = (inbox: typeof first) => inbox.status().ownLag;
  await waitFor(() => first.status().lag === 4 && second.status().lag === 4, { what: "all lag" });
  expect(own(first) + own(second)).toBe(4);
  expect([own(first) < 4, own(second) < 4]).toEqual([true, true]);
  release.resolve();
  await waitFor(() => first.status().lag === 0 && second.status().lag === 0, { what: "no lag" });
});

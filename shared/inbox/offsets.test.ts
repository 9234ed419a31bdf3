import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { waitFor } from "@order-outbox/testing";
import { openReader, openStream, orderCreated, type Stream } from "./test-inbox.ts";

const some = (count: number) => Array.from({ length: count }, () => orderCreated());
const idsOf = (events: readonly { id: string }[]) => events.map(({ id }) => id);

async function committedOffset({ client, groupId, topics }: Stream): Promise<number> {
  const admin = client.kafkajs.admin();
  await admin.connect();
  const offsets = await admin.fetchOffsets({ groupId, topics: [topics[0]] });
  await admin.disconnect();
  return Number(offsets[0]?.partitions[0]?.offset);
}

test.concurrent("Kafka is told how far the database is", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const inbox = reader.start();
  await stream.publish(some(3));
  await waitFor(() => inbox.status().processed === 3, { what: "all events" });
  await waitFor(async () => (await committedOffset(stream)) === 3, { what: "the report" });
  expect(inbox.status().lag).toBe(0);
});

test.concurrent("a restored backup goes on where it was, whatever was reported to Kafka", async () => {
  await using stream = await openStream();
  const events = some(6);
  {
    await using reader = openReader(stream);
    const inbox = reader.start();
    await stream.publish(events.slice(0, 3));
    await waitFor(() => inbox.status().processed === 3, { what: "the first events" });
    using copier = new Database(reader.db.filename);
    copier.query("VACUUM INTO ?").run(`${stream.folder}/backup.db`);
    await stream.publish(events.slice(3));
    await waitFor(() => inbox.status().processed === 6, { what: "the other events" });
    await waitFor(async () => (await committedOffset(stream)) === 6, { what: "the report" });
  }
  await using restored = openReader(stream, "backup.db");
  expect(restored.effects()).toHaveLength(3);
  const inbox = restored.start();
  await waitFor(() => restored.nextOffset() === 6, { what: "the end of the topic" });
  expect(restored.effects()).toHaveLength(6);
  expect(restored.effects().toSorted()).toEqual(idsOf(events).toSorted());
  expect(inbox.status()).toMatchObject({ processed: 3, duplicates: 0 });
});

test.concurrent("a database that is ahead of Kafka's offset does not go back to it", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const events = some(3);
  const first = reader.start();
  await stream.publish(events.slice(0, 1));
  await waitFor(async () => (await committedOffset(stream)) === 1, { what: "the report" });
  await first.stop();

  reader.db.run("UPDATE consumer_offsets SET nextOffset = 2");
  await stream.publish(events.slice(1));
  const inbox = reader.start();
  await waitFor(() => reader.nextOffset() === 3, { what: "the end of the topic" });
  expect(reader.effects()).toEqual(idsOf(events.toSpliced(1, 1)));
  expect(inbox.status()).toMatchObject({ processed: 1, duplicates: 0 });
});

test.concurrent("an empty database of a known group starts at the beginning", async () => {
  await using stream = await openStream();
  const events = some(4);
  await stream.publish(events);
  {
    await using lost = openReader(stream, "lost.db");
    lost.start();
    await waitFor(async () => (await committedOffset(stream)) === 4, { what: "the report" });
  }
  await using fresh = openReader(stream, "fresh.db");
  fresh.start();
  await waitFor(() => fresh.nextOffset() === 4, { what: "the end of the topic" });
  expect(fresh.effects().toSorted()).toEqual(idsOf(events).toSorted());
  expect(fresh.logged.filter(({ level }) => level === "warn")).toEqual([]);
});

test.concurrent("another cluster is read from its beginning, with a warning and no second effect", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const events = some(4);
  await stream.publish(events.slice(0, 3));
  const first = reader.start();
  await waitFor(() => reader.nextOffset() === 3, { what: "the end of the topic" });
  await first.stop();

  reader.db.run("UPDATE consumer_offsets SET clusterId = 'the cluster before', nextOffset = 100");
  await stream.publish(events.slice(3));
  const second = reader.start();
  await waitFor(() => second.status().processed === 1, { what: "the new event" });
  expect(second.status().duplicates).toBe(3);
  expect(reader.effects().toSorted()).toEqual(idsOf(events).toSorted());
  const warnings = reader.logged.filter(({ level }) => level === "warn");
  expect(warnings).toEqual([
    {
      level: "warn",
      fields: { clusterId: expect.any(String), groupId: stream.groupId },
      message: expect.stringContaining("another Kafka cluster"),
    },
  ]);
  expect(
    reader.rows("SELECT nextOffset FROM consumer_offsets WHERE topic LIKE 'inbox-a%'"),
  ).toEqual(expect.arrayContaining([{ nextOffset: 100 }, { nextOffset: 4 }]));
});

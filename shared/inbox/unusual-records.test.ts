import { expect, test } from "bun:test";
import { createKafkaClient, ensureTopics } from "@order-outbox/kafka";
import {
  ATTRIBUTES,
  CODECS,
  encodeWireBatch,
  publishBytes,
  seal,
  spoilStored,
  startBroker,
  tempDir,
  uniqueName,
  waitFor,
  wireBatch,
  wireRecord,
  wrapPacked,
} from "@order-outbox/testing";
import { judgeInbox } from "./health.ts";
import { openReader, openStream, orderCreated, type Stream, toRecord } from "./test-inbox.ts";

/** Publishes an event some of whose headers have the value null, which is legal. */
async function publishNulls(
  stream: Stream,
  event: ReturnType<typeof orderCreated>,
  names: string[],
) {
  const { key, value, headers } = toRecord(event);
  const nulls = Object.fromEntries(names.map((name) => [name, null]));
  const record = wireRecord(String(value), {
    key: Buffer.from(String(key)),
    headers: Object.entries({ ...headers, ...nulls }).map(([name, text]) => [
      name,
      text === null ? null : Buffer.from(text),
    ]),
  });
  await publishBytes(stream.client, stream.topics[0], 0, encodeWireBatch(wireBatch([record])));
}

test.concurrent("a header whose value is null counts as missing", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  reader.start();
  const [fine, nameless, last] = [orderCreated(), orderCreated(), orderCreated()];
  await publishNulls(stream, fine, ["ce_sequence", "traceparent", "foreign"]);
  await publishNulls(stream, nameless, ["ce_id", "foreign"]);
  await stream.publish([last]);
  await waitFor(() => reader.effects().includes(last.id), { what: "the last event" });
  expect(reader.effects()).toEqual([fine.id, last.id]);
  expect(reader.rows("SELECT errorCode, lastError, headers FROM held_events")).toEqual([
    {
      errorCode: "EVENT_MALFORMED",
      lastError: expect.stringContaining("ce_id is missing"),
      headers: expect.stringContaining('"foreign":null'),
    },
  ]);
});

test.concurrent("an event with a null header is held whole, and works when it is redriven", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  let works = false;
  reader.start({
    handlers: {
      ORDER_CREATED: {
        async prepare() {
          if (!works) throw new Error("not now");
        },
        decide: reader.leaveRow,
      },
    },
  });
  const event = orderCreated();
  await publishNulls(stream, event, ["traceparent"]);
  await waitFor(() => reader.rows("SELECT * FROM held_events").length === 1, { what: "a hold" });
  works = true;
  reader.db.run(
    "INSERT INTO operator_requests (kind, target, requestedAt) VALUES ('REDRIVE', ?, '')",
    [JSON.stringify({ eventKey: event.subject })],
  );
  await waitFor(() => reader.effects().length === 1, { what: "the effect" });
  expect(reader.rows("SELECT * FROM held_events")).toEqual([]);
});

test.concurrent("a record that is too large is parked by its place, never whole, and nothing waits for it", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  reader.start();
  const [large, next] = [orderCreated(), orderCreated()];
  const record = toRecord(large);
  await stream.publish([{ ...record, value: `${record.value}${" ".repeat(200 * 1024)}` }, next]);
  await waitFor(() => reader.nextOffset() === 2, { what: "the end of the topic" });
  expect(reader.effects()).toEqual([next.id]);
  const held = () => reader.rows<{ id: number; value: Uint8Array }>("SELECT * FROM held_events");
  const parked = {
    state: "PARKED",
    topic: stream.topics[0],
    partition: 0,
    offset: 0,
    eventId: null,
    eventKey: null,
    key: null,
    headers: "{}",
    errorCode: "EVENT_TOO_LARGE",
    lastError: expect.stringMatching(/larger than 131072 bytes: \d+ bytes, SHA-256 [0-9a-f]{64}$/),
  };
  expect(held()).toMatchObject([{ ...parked, attempts: 1 }]);
  expect(held()[0]?.value.length).toBeLessThanOrEqual(256);
  const target = JSON.stringify({ heldId: held()[0]?.id });
  reader.db.run(
    "INSERT INTO operator_requests (kind, target, requestedAt) VALUES ('REDRIVE', ?, '')",
    [target],
  );
  await waitFor(
    () => reader.rows("SELECT 1 FROM operator_requests WHERE outcome IS NOT NULL").length,
    {
      what: "the redrive's outcome",
    },
  );
  expect(held()).toMatchObject([{ ...parked, attempts: 2 }]);
  expect(reader.effects()).toEqual([next.id]);
});

test.concurrent.skipIf(Boolean(process.env.KAFKA_HOST))(
  "an operator jumps over a batch that cannot be read, with a reason, and the rest is worked",
  async () => {
    await using stream = await openStream();
    await using reader = openReader(stream);
    const inbox = reader.start();
    const [before, behind] = [orderCreated(), orderCreated()];
    await stream.publish([before]);
    const two = wireBatch([wireRecord("x"), wireRecord("y")], { codec: CODECS.gzip });
    await publishBytes(stream.client, stream.topics[0], 0, wrapPacked(two, Buffer.from("no gzip")));
    await stream.publish([behind]);
    const stopped = () => inbox.status().consumer.stopped;
    await waitFor(() => stopped().length === 1, { what: "the partition to stop" });
    expect(judgeInbox({ ...inbox.status(), lag: 0 })).toMatchObject({
      ok: false,
      reason: `stopped: ${stream.topics[0]}/0 at 1: a batch (compressed with gzip) cannot be read, incorrect header check; it ends before offset 3`,
    });
    const target = JSON.stringify({ topic: stream.topics[0], partition: 0, to: 3 });
    reader.db.run(
      `INSERT INTO operator_requests (kind, target, reason, requestedAt)
       VALUES ('RESET_OFFSET', ?, 'not ours', '')`,
      [target],
    );
    await stream.hurry(
      waitFor(() => reader.effects().length === 2, { what: "what comes behind it" }),
    );
    expect(reader.effects()).toEqual([before.id, behind.id]);
    expect(stopped()).toEqual([]);
    expect(reader.rows("SELECT action, target, reason FROM operator_audit")).toEqual([
      { action: "RESET_OFFSET", target, reason: "not ours" },
    ]);
  },
);

test.concurrent.skipIf(Boolean(process.env.KAFKA_HOST))(
  "what ends a transaction moves offset and lag, although no record of it is ours",
  async () => {
    await using dir = tempDir();
    const topic = uniqueName("transactions");
    const at = (kafkaHost: string) =>
      createKafkaClient({
        brokers: [kafkaHost],
        clientId: "test",
        log: { debug() {}, info() {}, warn() {}, error() {} },
      });
    {
      await using broker = await startBroker({ data: dir.path });
      await ensureTopics(at(broker.kafkaHost), { [topic]: 1 });
      const record = wireRecord("the marker");
      await publishBytes(at(broker.kafkaHost), topic, 0, encodeWireBatch(wireBatch([record])));
    }
    spoilStored(
      dir.path,
      (batch) => void seal(batch.fill(ATTRIBUTES.control | ATTRIBUTES.transactional, 22, 23)),
    );
    await using broker = await startBroker({ data: dir.path });
    await using stream = await openStream();
    await using reader = openReader(stream);
    const inbox = reader.start({ client: at(broker.kafkaHost), topics: { [topic]: 1 } });
    await waitFor(() => reader.nextOffset(topic) === 1, { what: "the offset" });
    expect(inbox.status()).toMatchObject({ lag: 0, consumer: { stopped: [] } });
  },
);

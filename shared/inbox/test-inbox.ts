import { join } from "node:path";
import { type AnyEvent, EVENTS } from "@order-outbox/contracts";
import { type EventMap, type EventOf, encodeEvent, newEventId } from "@order-outbox/events";
import { createKafkaClient, ensureTopics, type KafkaClient, type Log } from "@order-outbox/kafka";
import {
  type CommitQueue,
  closeDatabase,
  createCommitQueue,
  type Database,
  migrate,
  openDatabase,
  sqlWriter,
} from "@order-outbox/sqlite";
import { startBroker, tempDir, uniqueName } from "@order-outbox/testing";
import { type Effect, sql } from "@order-outbox/units";
import {
  createInboxStore,
  type Inbox,
  type InboxOptions,
  inboxSchema,
  inboxWriters,
  startInbox,
} from "./mod.ts";

/** For tests: topics of one partition each on a real broker, and a group to read them with. */
export interface Stream extends AsyncDisposable {
  readonly kafkaHost: string;
  readonly client: KafkaClient;
  readonly groupId: string;
  /** The first is where records go that name no topic. */
  readonly topics: readonly [string, string];
  /** For the databases of its readers. */
  readonly folder: string;
  /** Appends in this order; resolves when the broker has them. */
  publish(records: readonly (AnyEvent | RawRecord)[], topic?: string): Promise<void>;
  /** Where {@link hurry} publishes. */
  readonly nudges: string;
  /**
   * A consumer that leaves its group waits for the fetch in flight, and that up to a second for
   * records: gives it some until `left` settles, and gives its result.
   */
  hurry<T>(left: Promise<T>): Promise<T>;
}

/** A record as a foreign producer might write it. */
export interface RawRecord {
  key: string | Buffer | null;
  value: string | Buffer | null;
  headers: Record<string, string>;
}

/** For tests: a service that consumes a {@link Stream} and leaves a row for every event it applies. */
export interface Reader extends AsyncDisposable {
  readonly db: Database;
  readonly queue: CommitQueue;
  readonly logged: { level: keyof Log; fields: object; message: string }[];
  /** The effect of an event; a handler's `decide` that only leaves its row is {@link leaveRow}. */
  record(event: EventOf): Effect;
  /** For a handler. */
  leaveRow(event: EventOf): Effect[];
  /** Starts the inbox; its handlers only {@link record} unless the options have others. */
  start(options?: Partial<InboxOptions> & { groupId?: string }): Inbox;
  /** The ids of the events that took effect, in the order in which they did. */
  effects(): string[];
  /** Where reading continues in a topic's partition 0; undefined when nothing is recorded. */
  nextOffset(topic?: string): number | undefined;
  rows<Row = Record<string, unknown>>(sql: string): Row[];
  close(): Promise<void>;
}

/** The shop's events, whatever topic and source they come from. */
export const ANYWHERE: EventMap = { ...EVENTS, isFromOrigin: () => true };

/** The group that a database was begun with; its readers may have others. */
const READER_TABLES = `${inboxSchema("reader")}
  CREATE TABLE effects (id INTEGER PRIMARY KEY AUTOINCREMENT, eventId TEXT NOT NULL, text TEXT);`;

export function orderCreated(orderId: string = crypto.randomUUID()): AnyEvent & {
  type: "ORDER_CREATED";
} {
  const data = { orderId, customerId: "customer-1", amount: 99.99 };
  return { ...metadata(orderId), type: "ORDER_CREATED", data };
}

export function paymentSucceeded(orderId: string): AnyEvent {
  const data = { orderId, customerId: "customer-1", amount: 99.99, transactionId: "txn_1" };
  return { ...metadata(orderId), type: "PAYMENT_SUCCEEDED", data };
}

const metadata = (subject: string) => ({
  id: newEventId(),
  source: "/tests",
  time: "2026-01-01T00:00:00.000Z",
  subject,
});

/** The record of an event, to be spoilt. */
export const toRecord = (event: AnyEvent): RawRecord => encodeEvent(EVENTS, event);

export async function openStream(): Promise<Stream> {
  await using opened = new AsyncDisposableStack();
  const topics = [uniqueName("inbox-a"), uniqueName("inbox-b")] as const;
  const nudges = uniqueName("inbox-nudges");
  const wanted = onePartitionEach([...topics, nudges]);
  const broker = opened.use(await startBroker({ topics: wanted }));
  const { path: folder } = opened.use(tempDir());
  const client = createKafkaClient({
    brokers: broker.kafkaHost.split(","),
    clientId: "inbox-tests",
    log: silent,
  });
  if (broker.embedded === undefined) await ensureTopics(client, wanted);
  const producer = client.kafkajs.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  opened.defer(() => producer.disconnect());
  const resources = opened.move();
  const stream: Stream = {
    kafkaHost: broker.kafkaHost,
    client,
    groupId: uniqueName("inbox"),
    topics,
    nudges,
    folder,
    async publish(records, topic = topics[0]) {
      const messages = records.map((record) => ({
        ...("data" in record ? toRecord(record) : record),
        partition: 0,
      }));
      await producer.send({ topic, messages, acks: -1 });
    },
    hurry: (left) => nudgeUntil(left, stream),
    async [Symbol.asyncDispose]() {
      if (broker.embedded === undefined) await deleteTopics(client, [...topics, nudges]);
      await resources.disposeAsync();
    },
  };
  return stream;
}

/** Opens a reader on the database `name`, which is created when it is not there. */
export function openReader(stream: Stream, name = "reader.db"): Reader {
  const db = openReaderDatabase(join(stream.folder, name));
  const queue = openReaderQueue(db);
  const inboxes: Inbox[] = [];
  const logged: Reader["logged"] = [];
  const rows = <Row>(sql: string) => db.query<Row, []>(sql).all();
  let closed: Promise<void> | undefined;

  async function close(): Promise<void> {
    await Promise.all(inboxes.map((inbox) => inbox.stop()));
    await queue.close();
    closeDatabase(db);
  }
  const closeOnce = () => {
    closed ??= close();
    return closed;
  };

  return {
    db,
    queue,
    logged,
    record: recordEffect,
    leaveRow: (event) => [recordEffect(event)],
    start({ groupId = stream.groupId, ...options } = {}) {
      const inbox = startInbox({
        client: stream.client,
        store: createInboxStore(db, queue, groupId, Date.now),
        units: queue,
        topics: onePartitionEach([...stream.topics, stream.nudges]),
        handlers: { ORDER_CREATED: LEAVES_ROW, PAYMENT_SUCCEEDED: LEAVES_ROW },
        // The topics have names of their own, because the broker may be everybody's.
        events: ANYWHERE,
        log: logInto(logged),
        now: Date.now,
        intervals: { requestsMs: 20, reportsMs: 50 },
        ...options,
      });
      const hurried = { ...inbox, stop: () => stream.hurry(inbox.stop()) };
      inboxes.push(hurried);
      return hurried;
    },
    effects: () => rows<{ eventId: string }>("SELECT * FROM effects").map((row) => row.eventId),
    nextOffset: (topic = stream.topics[0]) =>
      rows<{ topic: string; nextOffset: number }>("SELECT * FROM consumer_offsets").find(
        (row) => row.topic === topic,
      )?.nextOffset,
    rows,
    close: closeOnce,
    [Symbol.asyncDispose]: closeOnce,
  };
}

async function nudgeUntil<T>(settled: Promise<T>, stream: Stream): Promise<T> {
  // Nobody has a handler for it.
  const orderId = crypto.randomUUID();
  const data = { orderId, customerId: "customer-1", amount: 1, reason: "nudge" };
  const nudge = toRecord({ ...metadata(orderId), type: "PAYMENT_FAILED", data });
  let done = false;
  const end = settled.finally(() => {
    done = true;
  });
  while (!done) {
    await stream.publish([nudge], stream.nudges);
    await Promise.race([end, Bun.sleep(20)]);
  }
  return end;
}

const onePartitionEach = (topics: readonly string[]) =>
  Object.fromEntries(topics.map((topic) => [topic, 1]));

export function openReaderDatabase(path: string): Database {
  const db = openDatabase(path);
  migrate(db, [{ name: "create the reader", up: READER_TABLES }]);
  return db;
}

/** Opens the queue of such a database, with all writers that its readers need. */
export function openReaderQueue(db: Database): CommitQueue {
  return createCommitQueue(db, inboxWriters(db, [sqlWriter(db)]));
}

/** The effect of an event on the reader's own table. */
export const recordEffect = ({ id }: EventOf): Effect =>
  sql({ statement: "INSERT INTO effects (eventId) VALUES (?)", parameters: [id], rows: 1 });

/** A handler that only leaves the event's row. */
export const LEAVES_ROW = { decide: (event: EventOf) => [recordEffect(event)] };

function logInto(logged: Reader["logged"]): Log {
  const at = (level: keyof Log) => (fields: object, message: string) =>
    void logged.push({ level, fields, message });
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

async function deleteTopics(client: KafkaClient, topics: readonly string[]): Promise<void> {
  const admin = client.kafkajs.admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [...topics] });
  await admin.disconnect();
}

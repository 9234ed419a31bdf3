import { expect, test } from "bun:test";
import { createKafkaClient, type KafkaClient, type Log } from "@order-outbox/kafka";
import { closeDatabase, createCommitQueue } from "@order-outbox/sqlite";
import { freePort, startBroker, tempDir, uniqueName, waitFor } from "@order-outbox/testing";
import { createInboxStore, type InboxRetentionOptions, startInboxRetention } from "./mod.ts";
import { openReaderDatabase } from "./test-inbox.ts";

const DAY = 86_400_000;
const outside = Boolean(process.env.KAFKA_HOST);
const embeddedTest = outside ? test.skip : test.concurrent;

type Line = { level: string; message: string };

function testClient(kafkaHost: string, lines: Line[] = []): KafkaClient {
  const at = (level: string) => (_: object, message: string) => void lines.push({ level, message });
  const log: Log = { debug() {}, info: at("info"), warn: at("warn"), error: at("error") };
  return createKafkaClient({ brokers: kafkaHost.split(","), clientId: "retention", log });
}

async function withAdmin(
  client: KafkaClient,
  work: (admin: ReturnType<KafkaClient["kafkajs"]["admin"]>) => Promise<unknown>,
): Promise<void> {
  const admin = client.kafkajs.admin();
  await admin.connect();
  await work(admin);
  await admin.disconnect();
}

/** A topic that keeps its records for so many days; -1 for ever. Segments are left out of it. */
async function createTopic(client: KafkaClient, days: number): Promise<string> {
  const topic = uniqueName("retention");
  const configs = outside ? { "segment.ms": String(DAY) } : {};
  const ms = days === -1 ? "-1" : String((outside ? days - 1 : days) * DAY);
  await withAdmin(client, (admin) =>
    admin.createTopics({
      topics: [
        {
          topic,
          numPartitions: 1,
          configEntries: Object.entries({ ...configs, "retention.ms": ms }).map(
            ([name, value]) => ({ name, value }),
          ),
        },
      ],
    }),
  );
  return topic;
}

/** An inbox with two rows for each age, and what it is told by `options`. */
function openInbox(ages: readonly number[]) {
  const dir = tempDir();
  const db = openReaderDatabase(dir.join("reader.db"));
  const queue = createCommitQueue(db);
  const store = createInboxStore(db, queue, "reader", Date.now);
  const insert = db.prepare<unknown, [string, string]>(
    `INSERT INTO inbox (eventId, source, consumer, eventType, topic, partition, "offset", processedAt)
     VALUES (?, '/tests', 'reader', 'ORDER_CREATED', 'a', 0, 0, ?)`,
  );
  for (const days of ages) {
    const at = new Date(Date.now() - days * DAY).toISOString();
    for (const version of [4, 7]) {
      const id = version === 7 ? Bun.randomUUIDv7() : crypto.randomUUID();
      insert.run(id, at);
    }
  }
  let sweeps = 0;
  return {
    /** The ages of the rows that are left, in days. */
    left: () =>
      db
        .query<{ at: string }, []>("SELECT DISTINCT processedAt AS at FROM inbox ORDER BY at")
        .all()
        .map(({ at }) => Math.round((Date.now() - Date.parse(at)) / DAY)),
    start(
      client: KafkaClient,
      topics: readonly string[],
      options: Partial<InboxRetentionOptions> = {},
    ) {
      return startInboxRetention({
        client,
        store,
        topics,
        keepMs: undefined,
        log: client.log,
        now: Date.now,
        random() {
          sweeps += 1;
          return 0;
        },
        everyMs: 2,
        firstMs: 1,
        ...options,
      });
    },
    /** Waits until everything that is to go must have gone. */
    async swept() {
      const from = sweeps;
      await waitFor(() => sweeps > from + 2, { what: "two sweeps" });
    },
    async [Symbol.asyncDispose]() {
      await queue.close();
      closeDatabase(db);
      dir[Symbol.dispose]();
    },
  };
}

test.concurrent("an inbox forgets what is older than its topics' retention and a day", async () => {
  await using broker = await startBroker();
  const client = testClient(broker.kafkaHost);
  const topics = [await createTopic(client, 3), await createTopic(client, 5)];
  await using inbox = openInbox([1, 4, 5.9, 6.1, 20]);
  const retention = inbox.start(client, topics);
  await waitFor(() => retention.status().state === "pruning", { what: "the check" });
  await inbox.swept();
  await retention.stop();
  expect(inbox.left()).toEqual([6, 4, 1]);
  expect(retention.status()).toMatchObject({ state: "pruning", removed: 4 });
});

test.concurrent("a setting that is too short is refused with the sum, and nothing is forgotten", async () => {
  await using broker = await startBroker();
  const lines: Line[] = [];
  const client = testClient(broker.kafkaHost, lines);
  const topic = await createTopic(client, 7);
  await using inbox = openInbox([2, 30]);
  const retention = inbox.start(client, [topic], { keepMs: DAY });
  await waitFor(() => retention.status().state === "refused", { what: "the check" });
  await inbox.swept();
  await retention.stop();
  expect(inbox.left()).toEqual([30, 2]);
  const { reason } = retention.status();
  expect(reason).toStartWith(`INBOX_RETENTION is 1d, but ${topic} keeps records for 7d`);
  expect(reason).toContain("needs a margin of 1d: at least 8d, or the inbox would forget");
  expect(lines).toEqual([{ level: "error", message: `inbox not pruned: ${reason}` }]);
});

test.concurrent("a topic that keeps its records for ever keeps the inbox, and a missing one does too", async () => {
  await using broker = await startBroker();
  const client = testClient(broker.kafkaHost);
  const known = await createTopic(client, 1);
  for (const topic of [await createTopic(client, -1), uniqueName("missing")]) {
    await using inbox = openInbox([900]);
    const retention = inbox.start(client, [known, topic]);
    await waitFor(() => retention.status().state === "keeping", { what: "the check" });
    await inbox.swept();
    await retention.stop();
    expect(inbox.left()).toEqual([900]);
  }
});

embeddedTest("a broker that does not tell a topic's settings keeps the inbox", async () => {
  await using broker = await startBroker();
  const lines: Line[] = [];
  const client = testClient(broker.kafkaHost, lines);
  const topic = await createTopic(client, 1);
  const refusal = () => ({ error: "TOPIC_AUTHORIZATION_FAILED" }) as const;
  broker.embedded?.intercept("DescribeConfigs", refusal);
  await using inbox = openInbox([900]);
  const retention = inbox.start(client, [topic], { keepMs: 30 * DAY });
  await waitFor(() => retention.status().state === "keeping", { what: "the check" });
  await inbox.swept();
  await retention.stop();
  expect(inbox.left()).toEqual([900]);
  expect(lines).toMatchObject([
    { level: "warn", message: expect.stringContaining("the broker does not tell") },
  ]);
});

test.concurrent("without a broker nothing is forgotten", async () => {
  const client = testClient(`127.0.0.1:${await freePort()}`);
  await using inbox = openInbox([900]);
  const retention = inbox.start(client, ["order_created"], { keepMs: 30 * DAY });
  expect(retention.status().state).toBe("unchecked");
  await waitFor(() => /refused|closed|connect/i.test(retention.status().reason), {
    what: "a failed check",
  });
  await inbox.swept();
  await retention.stop();
  expect([retention.status().state, inbox.left()]).toEqual(["unchecked", [900]]);
});

test.concurrent("topics' settings are looked at again, because they change", async () => {
  await using broker = await startBroker();
  const client = testClient(broker.kafkaHost);
  const topic = await createTopic(client, -1);
  await using inbox = openInbox([2, 900]);
  const retention = inbox.start(client, [topic], { checkMs: 10 });
  await waitFor(() => retention.status().state === "keeping", { what: "the first check" });
  await withAdmin(client, (admin) =>
    admin.alterConfigs({
      validateOnly: false,
      resources: [
        { type: 2, name: topic, configEntries: [{ name: "retention.ms", value: String(DAY * 9) }] },
      ],
    }),
  );
  await waitFor(() => retention.status().state === "pruning", { what: "a later check" });
  await inbox.swept();
  await retention.stop();
  expect(inbox.left()).toEqual([2]);
});

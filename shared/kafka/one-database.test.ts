import { expect, test } from "bun:test";
import { holdPresence } from "@order-outbox/sqlite";
import { startBroker, startProcess, tempDir, uniqueName, waitFor } from "@order-outbox/testing";
import {
  createTopic,
  embeddedTest,
  groupMembers,
  publish,
  testClient,
  testConsumer,
} from "./test-kafka.ts";
import { describeGroup } from "./topics.ts";

async function setUp(partitions: number) {
  const broker = await startBroker();
  const client = testClient(broker.kafkaHost);
  const topic = await createTopic(client, partitions);
  const groupId = uniqueName("group");
  const dir = tempDir();
  const path = dir.join("orders.db");
  return {
    path,
    broker,
    client,
    topic,
    groupId,
    member: (databaseId: string, vacantMs = 100) =>
      testConsumer(client, topic, partitions, {
        groupId,
        databaseId,
        vacantMs,
        presence: holdPresence(path, "member"),
      }),
    async [Symbol.asyncDispose]() {
      await broker[Symbol.asyncDispose]();
      dir[Symbol.dispose]();
    },
  };
}

test.concurrent("a member with another database is refused while the first goes on, and takes over after it", async () => {
  await using setup = await setUp(1);
  const { client, topic } = setup;
  await using first = setup.member("orders-1");
  await using second = setup.member("orders-2");
  first.start();
  await first.joined();
  second.start();
  await waitFor(() => second.status().state === "refused", { what: "the refusal" });
  expect(second.status().reason).toContain("another database");
  const refusals = client.lines.filter(({ level }) => level === "error");
  expect(refusals.map(({ fields }) => fields)).toEqual([
    {
      groupId: setup.groupId,
      code: "GROUP_OCCUPIED",
      databaseId: "orders-2",
      otherDatabases: ["orders-1"],
    },
  ]);
  await publish(client, topic, 0, ["a"]);
  await waitFor(() => first.seen.length > 0, { what: "the first member's record" });
  expect([first.status().state, second.seen]).toEqual(["joined", []]);

  await first.stop();
  await second.joined();
  await waitFor(() => second.seen.length > 0, { what: "the second member's record" });
  expect(second.values()).toEqual(["a"]);
});

test.concurrent("a member that was refused does not take the place of one that starts again", async () => {
  await using setup = await setUp(1);
  const { client, topic } = setup;
  await using first = setup.member("orders-1");
  await using second = setup.member("orders-2", 60_000);
  first.start();
  await first.joined();
  second.start();
  const reads = (text: string) =>
    waitFor(() => second.status().reason?.includes(text), { what: `"${text}"` });
  await reads("already works for another database");
  await first.stop();
  await reads("worked a moment ago for another database");

  await using again = setup.member("orders-1");
  again.start();
  await again.joined();
  await reads("already works for another database");
  await publish(client, topic, 0, ["a"]);
  await waitFor(() => again.seen.length > 0, { what: "the record" });
  expect([second.status().state, second.seen]).toEqual(["refused", []]);
});

test.concurrent("of two databases that come at the same moment exactly one consumes", async () => {
  await using setup = await setUp(3);
  const { client, topic } = setup;
  await using first = setup.member("orders-1");
  await using second = setup.member("orders-2");
  first.start();
  second.start();
  const both = [first, second];
  const states = () => both.map(({ status }) => status().state).toSorted();
  await waitFor(() => `${states()}` === "joined,refused", { what: "one of each" });
  for (const partition of [0, 1, 2]) await publish(client, topic, partition, ["a", "b"]);
  const seen = () => both.map((one) => one.seen.length).toSorted();
  await waitFor(() => seen().at(-1) === 6, { what: "all records in one place" });
  expect([seen(), states()]).toEqual([
    [0, 6],
    ["joined", "refused"],
  ]);
});

test.concurrent("members with the same database share the partitions", async () => {
  await using setup = await setUp(4);
  const { client, topic } = setup;
  await using first = setup.member("orders");
  await using second = setup.member("orders");
  first.start();
  await first.joined();
  second.start();
  const shares = () => [first, second].map(({ status }) => status().assigned.length);
  await waitFor(() => `${shares()}` === "2,2", { what: "two partitions each" });
  const assigned = [first, second].flatMap(({ status }) => status().assigned);
  expect(assigned.map(({ partition }) => partition).toSorted()).toEqual([0, 1, 2, 3]);
  for (const partition of [0, 1, 2, 3]) await publish(client, topic, partition, [`${partition}`]);
  await waitFor(() => first.seen.length + second.seen.length >= 4, { what: "all records" });
  expect([first.seen.length, second.seen.length]).toEqual([2, 2]);
  await Promise.all([first.stop(), second.stop()]);
});

test.concurrent("a dead process keeps its place from another database, and is made to leave by its successor", async () => {
  await using setup = await setUp(1);
  const { broker, client, topic, groupId, path } = setup;
  await publish(client, topic, 0, ["a"]);
  const entry = `${import.meta.dir}/group-member-program.ts`;
  const command = [process.execPath, entry, broker.kafkaHost, topic, groupId, "orders", path];
  await using predecessor = startProcess(command);
  await predecessor.waitForLine("saw a");
  const [dead] = await groupMembers(client, groupId);
  predecessor.kill("SIGKILL");
  await predecessor.exited;
  const remains = [{ memberId: dead?.memberId ?? "", databaseId: "orders" }];

  await using other = setup.member("orders-2");
  other.start();
  await waitFor(() => other.status().state === "refused", { what: "the refusal" });
  expect(await groupMembers(client, groupId)).toEqual(remains);
  await other.stop();

  await using successor = setup.member("orders");
  successor.start();
  // Kept in the group, it would hold up the successor until the rebalance timeout of 10 s.
  await waitFor(() => successor.seen.length > 0, { what: "the successor", timeoutMs: 7_000 });
  const members = await groupMembers(client, groupId);
  expect(members).toEqual([{ memberId: expect.any(String), databaseId: "orders" }]);
  expect(members[0]?.memberId).not.toBe(dead?.memberId);
});

test.concurrent("a member that lives is not made to leave, also when its process is stopped", async () => {
  await using setup = await setUp(2);
  const { broker, client, topic, groupId, path } = setup;
  await publish(client, topic, 0, ["a"]);
  const entry = `${import.meta.dir}/group-member-program.ts`;
  const command = [process.execPath, entry, broker.kafkaHost, topic, groupId, "orders", path];
  await using other = startProcess(command);
  await other.waitForLine("saw a");
  const [living] = await groupMembers(client, groupId);
  other.kill("SIGSTOP");
  await using successor = setup.member("orders");
  successor.start();
  await waitFor(async () => (await groupMembers(client, groupId)).length === 2, {
    what: "the second member",
  });
  const ids = (await groupMembers(client, groupId)).map(({ memberId }) => memberId);
  expect(ids).toContain(living?.memberId ?? "");
  // Else the group waits for it before it lets the other one go.
  other.kill("SIGCONT");
});

embeddedTest(
  "a rebalancing group tells by its client ids for which database it works",
  async () => {
    await using setup = await setUp(2);
    const { broker, client } = setup;
    await using first = setup.member("orders");
    first.start();
    await first.joined();
    using rebalance = holdHeartbeats(broker);
    await using second = setup.member("orders");
    second.start();
    await waitFor(() => isRebalancing(setup), { what: "the rebalance" });
    await using other = setup.member("orders-2");
    other.start();
    await waitFor(() => other.status().state === "refused", { what: "the refusal" });
    expect(await isRebalancing(setup)).toBe(true);
    rebalance.end();
    await second.joined();
    const errors = client.lines.filter(({ level }) => level === "error");
    expect(errors.map(({ fields }) => fields.otherDatabases)).toEqual([["orders"]]);
    await Promise.all([first.stop(), second.stop()]);
  },
);

embeddedTest("members that died in a rebalance are made to leave, too", async () => {
  await using setup = await setUp(1);
  const { broker, client, topic, groupId, path } = setup;
  await publish(client, topic, 0, ["a"]);
  const entry = `${import.meta.dir}/group-member-program.ts`;
  const command = [process.execPath, entry, broker.kafkaHost, topic, groupId, "orders", path];
  await using first = startProcess(command);
  await first.waitForLine("saw a");
  using _rebalance = holdHeartbeats(broker);
  await using second = startProcess(command);
  await waitFor(async () => (await groupMembers(client, groupId)).length === 2, {
    what: "the rebalance",
  });
  const dead = (await groupMembers(client, groupId)).map(({ memberId }) => memberId);
  for (const one of [first, second]) one.kill("SIGKILL");
  await Promise.all([first.exited, second.exited]);

  await using successor = setup.member("orders");
  successor.start();
  // Kept in the group, they would hold up the successor until the rebalance timeout of 10 s.
  await waitFor(() => successor.seen.length > 0, { what: "the successor", timeoutMs: 7_000 });
  const members = await groupMembers(client, groupId);
  expect(members).toHaveLength(1);
  expect(dead).not.toContain(members[0]?.memberId ?? "");
});

embeddedTest("of a stranger's group nothing is said before its rebalance is over", async () => {
  await using setup = await setUp(2);
  const { broker, client, topic, groupId } = setup;
  const stranger = () => {
    const consumer = client.kafkajs.consumer({
      groupId,
      maxWaitTimeInMs: 100,
      heartbeatInterval: 50,
    });
    const running = consumer
      .connect()
      .then(() => consumer.subscribe({ topics: [topic] }))
      .then(() => consumer.run({ eachMessage: async () => {} }));
    return {
      [Symbol.asyncDispose]: async () => {
        await running;
        await consumer.disconnect();
      },
    };
  };
  const members = async () => (await groupMembers(client, groupId)).length;
  await using _first = stranger();
  await waitFor(async () => (await members()) === 1 && !(await isRebalancing(setup)), {
    what: "the stranger's group",
  });
  using rebalance = holdHeartbeats(broker);
  await using _second = stranger();
  await waitFor(() => isRebalancing(setup), { what: "the rebalance" });
  let looks = 0;
  using _looks = broker.embedded?.intercept("DescribeGroups", () => {
    looks += 1;
    return undefined;
  });
  await using own = setup.member("orders");
  own.start();
  await waitFor(() => looks > 1, { what: "a second look" });
  expect(own.status().state).toBe("starting");
  rebalance.end();
  await waitFor(() => own.status().state === "refused", { what: "the refusal" });
});

type Setup = Awaited<ReturnType<typeof setUp>>;

/** Members do not hear of a rebalance until its end, or the end of the test. */
function holdHeartbeats(broker: Setup["broker"]) {
  const held = Promise.withResolvers<undefined>();
  const hold = broker.embedded?.intercept("Heartbeat", () => held.promise);
  const end = () => held.resolve(undefined);
  return {
    end,
    [Symbol.dispose]() {
      end();
      hold?.[Symbol.dispose]();
    },
  };
}

/** Whether the group describes a member without its metadata. */
async function isRebalancing({ client, groupId }: Setup): Promise<boolean> {
  const group = await describeGroup(client, groupId);
  return group?.members.some((one) => one.memberMetadata.length === 0) ?? false;
}

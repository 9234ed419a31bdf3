import { expect, test } from "bun:test";
import { waitFor } from "@order-outbox/testing";
import { type Consumer, Kafka, logLevel } from "kafkajs";
import { startDevBroker } from "../mod.ts";

const TOPIC = "orders";
const GROUP = "billing";

/** A kafkajs consumer that is told apart by the partitions it was given last. */
interface Member {
  readonly consumer: Consumer;
  partitions: readonly number[];
}

async function join(kafka: Kafka, members: Set<Member>): Promise<Member> {
  const consumer = kafka.consumer({
    groupId: GROUP,
    sessionTimeout: 6_000,
    heartbeatInterval: 50,
    maxWaitTimeInMs: 50,
  });
  const member: Member = { consumer, partitions: [] };
  members.add(member);
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    member.partitions = payload.memberAssignment[TOPIC] ?? [];
  });
  await consumer.connect();
  await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
  await consumer.run({ eachMessage: async () => {} });
  return member;
}

/** Waits until the members hold all six partitions between them, `each` so many. */
async function divided(members: Set<Member>, each: readonly number[]): Promise<void> {
  const isDivided = () => {
    const held = [...members].flatMap(({ partitions }) => partitions).toSorted();
    const sizes = [...members].map(({ partitions }) => partitions.length).toSorted();
    return String(held) === "0,1,2,3,4,5" && String(sizes) === String(each);
  };
  await waitFor(isDivided, { what: `members with ${each} partitions` });
}

test("kafkajs consumers divide the partitions anew as they come and go", async () => {
  await using broker = await startDevBroker({ topics: { [TOPIC]: 6 } });
  const kafka = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  const members = new Set<Member>();
  try {
    await admin.connect();
    const first = await join(kafka, members);
    await divided(members, [6]);
    await join(kafka, members);
    await divided(members, [3, 3]);
    await join(kafka, members);
    await divided(members, [2, 2, 2]);

    const { groups } = await admin.describeGroups([GROUP]);
    expect(groups.map(({ state, members }) => [state, members.length])).toEqual([["Stable", 3]]);

    await first.consumer.disconnect();
    members.delete(first);
    await divided(members, [3, 3]);
  } finally {
    await Promise.all([...members].map(({ consumer }) => consumer.disconnect()));
    await admin.disconnect();
  }
});

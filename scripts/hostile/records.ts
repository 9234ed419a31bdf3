import { type AnyEvent, EVENTS, TOPICS, type Topic } from "@order-outbox/contracts";
import { encodeEvent, followUpEventId, newEventId } from "@order-outbox/events";
import type { Random } from "@order-outbox/tool-kit";
import type { Message } from "kafkajs";

/** A record that a stranger writes into a topic. */
export interface HostileRecord {
  topic: Topic;
  message: Message;
}

/** An event of ours that the stranger has read. */
export type Seen = Extract<AnyEvent, { type: "ORDER_CREATED" }>;

type Make = (random: Random, seen: Seen) => HostileRecord;

const ALL_TOPICS = Object.values(TOPICS);
const DERIVED = ["PAYMENT", "PAYMENT_SUCCEEDED", "PAYMENT_FAILED", "EMAIL"];
const NAMES = ["ce_id", "ce_type", "ce_source", "ce_subject", "ce_time", "ce_sequence", "key"];

/**
 * Everything that a stranger may write short of what one of our services could have written: see
 * "Not promised" in docs/guarantees.md. `invented` is the exception: a whole order that nobody placed.
 */
export const KINDS: Readonly<Record<string, Make>> = {
  noise: (random) => ({
    topic: random.pick(ALL_TOPICS),
    message: {
      key: random.chance(0.3) ? null : bytes(random, 60),
      value: random.chance(0.1) ? null : bytes(random, 400),
      headers: Object.fromEntries(
        Array.from({ length: random.between(0, 12) }, () => [
          random.chance(0.5) ? random.pick(NAMES) : text(random, 20),
          random.chance(0.2) ? [bytes(random, 30), bytes(random, 30)] : bytes(random, 60),
        ]),
      ),
    },
  }),
  spoiltHeader(random, seen) {
    const record = recordOf({ ...seen, id: newEventId() });
    const values = [
      text(random, 40),
      "\u001b[2J".repeat(random.between(1, 2_000)),
      bytes(random, 50),
    ];
    return withHeaders(record, { [random.pick(NAMES)]: random.pick(values) });
  },
  spoiltData(random, seen) {
    const record = recordOf({ ...seen, id: newEventId() });
    const values = [
      "{",
      "[]",
      "null",
      JSON.stringify({ ...seen.data, amount: -1 }),
      text(random, 300),
    ];
    return { ...record, message: { ...record.message, value: random.pick(values) } };
  },
  repetition: (_, seen) => recordOf(seen),
  secondId: (_, seen) => recordOf({ ...seen, id: newEventId() }),
  otherData(random, seen) {
    const change = random.chance(0.5) ? { amount: 1 } : { customerId: "mallory" };
    const id = random.chance(0.5) ? seen.id : newEventId();
    return recordOf({ ...seen, id, data: { ...seen.data, ...change } });
  },
  foreignType: (random, seen) =>
    withHeaders(recordOf({ ...seen, id: newEventId() }), { ce_type: text(random, 30) || "X" }),
  misplaced(random, seen) {
    const event = random.pick(resultsOf(seen, newEventId()));
    if (random.chance(0.5)) return { ...recordOf(event), topic: TOPICS.orderCreated };
    return withHeaders(recordOf(event), { ce_source: random.pick(["/order-service", "/x", "//"]) });
  },
  claimedId(random, seen) {
    const id = followUpEventId(seen.id, random.pick(DERIVED));
    const created = recordOf({ ...seen, id });
    const [claim = created] = resultsOf(seen, id).map(recordOf);
    const broken = { ...claim, message: { ...claim.message, value: "{}" } };
    return random.pick([created, broken, { ...claim, topic: TOPICS.orderCreated }]);
  },
  otherAmount(_, seen) {
    const other = { ...seen, data: { ...seen.data, orderId: seen.subject, amount: 0.01 } };
    const [record = recordOf(seen)] = resultsOf(other, newEventId()).map(recordOf);
    // With a source of its own: with ours it would be the result, if it came first.
    return withHeaders(record, { ce_source: "/elsewhere" });
  },
  invented(random) {
    const orderId = newEventId();
    const data = { orderId, customerId: "nobody", amount: Math.ceil(random.between(1, 99)) };
    return recordOf({
      id: newEventId(),
      type: "ORDER_CREATED",
      source: EVENTS.originOf("ORDER_CREATED").source ?? "",
      time: "2026-01-01T00:00:00.000Z",
      subject: orderId,
      data,
    });
  },
};

/** `count` records of all kinds about orders that the stranger has read; few are `invented`. */
export function makeRecords(random: Random, seen: readonly Seen[], count: number): HostileRecord[] {
  const { invented, ...others } = KINDS as Record<"invented", Make> & typeof KINDS;
  const makes = Object.values(others);
  return Array.from({ length: count }, () => {
    const make = random.chance(0.01) ? invented : random.pick(makes);
    return make(random, random.pick(seen));
  });
}

function resultsOf({ subject, data, time }: Seen, id: string): AnyEvent[] {
  const source = EVENTS.originOf("PAYMENT_SUCCEEDED").source ?? "";
  const rest = { id, source, time, subject };
  return [
    { ...rest, type: "PAYMENT_SUCCEEDED", data: { ...data, transactionId: "txn_stranger" } },
    { ...rest, type: "PAYMENT_FAILED", data: { ...data, reason: "because" } },
  ];
}

function recordOf(event: AnyEvent): HostileRecord {
  return { topic: EVENTS.originOf(event.type).topic as Topic, message: encodeEvent(EVENTS, event) };
}

function withHeaders(
  { topic, message }: HostileRecord,
  headers: Message["headers"],
): HostileRecord {
  return { topic, message: { ...message, headers: { ...message.headers, ...headers } } };
}

function bytes(random: Random, most: number): Buffer {
  return Buffer.from(
    Array.from({ length: random.between(0, most) }, () => Math.floor(random.between(0, 256))),
  );
}

const text = (random: Random, most: number): string => bytes(random, most).toString("latin1");

import {
  DEFAULT_PARTITIONS,
  EVENTS,
  type EventType,
  headersOf,
  OrderId,
  TOPICS,
  type Topic,
} from "@order-outbox/contracts";
import { exampleOf, type NamedSchemas, toJsonSchema } from "@order-outbox/events";
import { SERVICES } from "@order-outbox/registry";

/** Of the contract: what is added to it raises the second number, and nothing else is allowed. */
const VERSION = "1.0.0";

/** One line each: Bun writes no YAML blocks. */
const DESCRIPTION = {
  events:
    "CloudEvents 1.0 in Kafka's binary mode: the value is the data as JSON, the attributes are headers, the key is the order's id. Readers ignore fields, headers and event types that they do not know, and never guess at a malformed record.",
  send: "Through its outbox, at least once: a repeat has the same ce_id. First deliveries in a partition rise in ce_sequence, which is the order of commits.",
  receive:
    "Through its inbox: each event takes effect once. There is no dead letter topic: what cannot be applied is kept in the reader's table held_events, its key's later events behind it, until it succeeds or an operator redrives or discards it.",
};

const ref = (...path: string[]) => ({
  $ref: `#/${path.map((part) => part.replaceAll("~", "~0").replaceAll("/", "~1")).join("/")}`,
});
const byName = <Name extends string, Value>(names: readonly Name[], of: (name: Name) => Value) =>
  Object.fromEntries(names.map((name) => [name, of(name)]));

const topics: Topic[] = Object.values(TOPICS);
const types = EVENTS.types;
const typesOf = (topic: Topic) => types.filter((type) => EVENTS.definitions[type].topic === topic);

/** The event contract as AsyncAPI 3.0 (https://www.asyncapi.com/docs/reference/specification/v3.0.0). */
export function describeEvents() {
  const named: NamedSchemas = new Map();
  const messages = byName(types, (type) => describeMessage(type, named));
  return {
    asyncapi: "3.0.0",
    info: {
      title: "order-outbox events",
      version: VERSION,
      description: DESCRIPTION.events,
      license: { name: "MIT" },
    },
    defaultContentType: "application/json",
    servers: {
      local: {
        host: "localhost:9092",
        protocol: "kafka",
        description: "The broker of `bun run start`; any Kafka-API cluster elsewhere (KAFKA_HOST).",
      },
    },
    channels: byName(topics, describeChannel),
    operations: Object.fromEntries(topics.flatMap(describeOperations)),
    components: { messages, ...(named.size > 0 && { schemas: Object.fromEntries(named) }) },
  };
}

/** {@link describeEvents} as the text of docs/asyncapi.yaml. */
export function writeAsyncApi(): string {
  // Through JSON, so that what is the same object twice is written twice.
  const document: unknown = JSON.parse(JSON.stringify(describeEvents()));
  // YAML 1.1 takes a bare time for a date.
  const text = Bun.YAML.stringify(document, null, 2).replace(
    /(?<= )\d{4}-\d\d-\d\dT\S+Z$/gm,
    '"$&"',
  );
  return `# Made from shared/contracts by "bun run contracts".\n${text}\n`;
}

function describeChannel(topic: Topic) {
  return {
    address: topic,
    messages: byName(typesOf(topic), (type) => ref("components", "messages", type)),
    bindings: { kafka: { topic, partitions: DEFAULT_PARTITIONS, bindingVersion: "0.5.0" } },
  };
}

function describeOperations(topic: Topic) {
  const common = {
    channel: ref("channels", topic),
    messages: typesOf(topic).map((type) => ref("channels", topic, "messages", type)),
  };
  const sends = (writer: string) => ({
    action: "send",
    title: `${writer} sends to ${topic}`,
    description: DESCRIPTION.send,
    ...common,
  });
  const receives = (reader: string) => ({
    action: "receive",
    title: `${reader} receives from ${topic}`,
    description: DESCRIPTION.receive,
    ...common,
    bindings: {
      kafka: { groupId: { type: "string", enum: [reader] }, bindingVersion: "0.5.0" },
    },
  });
  const those = (field: "publishes" | "consumes") =>
    SERVICES.filter((service) => service[field].includes(topic)).map(({ name }) => name);
  return [
    ...those("publishes").map((writer) => [`${writer}.send.${topic}`, sends(writer)]),
    ...those("consumes").map((reader) => [`${reader}.receive.${topic}`, receives(reader)]),
  ] as const;
}

function describeMessage(type: EventType, named: NamedSchemas) {
  const { data } = EVENTS.definitions[type];
  const headers = headersOf(type);
  return {
    name: type,
    title: type,
    summary: data.description,
    contentType: "application/json",
    headers: toJsonSchema(headers, named),
    payload: toJsonSchema(data, named),
    correlationId: {
      description: "The W3C trace context, when there is one.",
      location: "$message.header#/traceparent",
    },
    bindings: {
      kafka: {
        key: { ...toJsonSchema(OrderId, named), description: "The order's id." },
        bindingVersion: "0.5.0",
      },
    },
    examples: [{ name: type, headers: exampleOf(headers), payload: exampleOf(data) }],
  };
}

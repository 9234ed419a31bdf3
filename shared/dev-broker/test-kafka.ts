import { waitFor } from "@order-outbox/testing";
import { Kafka, type KafkaMessage, logLevel, Partitioners, type Producer } from "kafkajs";

process.env.KAFKAJS_NO_PARTITIONER_WARNING = "1";

/** A quiet kafkajs that gives up soon. */
export function kafkaOf(address: string): Kafka {
  return new Kafka({
    brokers: [address],
    clientId: "test",
    logLevel: logLevel.NOTHING,
    retry: { retries: 4, initialRetryTime: 30, maxRetryTime: 200 },
  });
}

/** A connected producer that retries as little as kafkajs allows; dispose of it. */
export async function producerOf(
  kafka: Kafka,
  { idempotent = false }: { idempotent?: boolean } = {},
): Promise<Producer & AsyncDisposable> {
  const producer = kafka.producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
    idempotent,
    retry: { retries: idempotent ? 1 : 0, initialRetryTime: 30 },
  });
  await producer.connect();
  return Object.assign(producer, { [Symbol.asyncDispose]: () => producer.disconnect() });
}

export interface Consumed {
  readonly partition: number;
  readonly message: KafkaMessage;
}

/** Reads a topic from its beginning, in a group of its own, until `count` records have come. */
export async function consumeAll(kafka: Kafka, topic: string, count: number): Promise<Consumed[]> {
  const consumer = kafka.consumer({
    groupId: `reader-${Bun.randomUUIDv7()}`,
    maxWaitTimeInMs: 50,
    allowAutoTopicCreation: false,
  });
  const consumed: Consumed[] = [];
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message }) => {
        consumed.push({ partition, message });
      },
    });
    await waitFor(() => consumed.length >= count, { what: `${count} records in ${topic}` });
    return consumed;
  } finally {
    await consumer.disconnect();
  }
}

/** Values in partition and offset order. */
export function valuesOf(consumed: readonly Consumed[]): string[] {
  return consumed
    .toSorted(
      (a, b) => a.partition - b.partition || Number(a.message.offset) - Number(b.message.offset),
    )
    .map(({ message }) => String(message.value));
}

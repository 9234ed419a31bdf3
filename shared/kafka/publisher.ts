import { AppError } from "@order-outbox/errors";
import { brokerError, produceError, rootCause } from "./broker-errors.ts";
import type { KafkaClient } from "./client.ts";
import type { RecordBatch } from "./record-batch.ts";
import { explainClock } from "./refused-clock.ts";
import type { ConnectionListener } from "./security.ts";
import { withAdmin } from "./topics.ts";

/** The records for one partition, encoded, in the order in which they have to arrive. */
export interface PartitionBatch {
  topic: string;
  partition: number;
  batch: RecordBatch;
}

/**
 * What became of one partition's records: all of them are written, or none.
 * RECORD_REFUSED is the records' fault; any other error is none of theirs: BROKER_NOT_READY passes,
 * CLOCK_REFUSED, BROKER_AUTH_FAILED, BROKER_MISCONFIGURED and BROKER_MISUSED wait for somebody.
 */
export interface PartitionOutcome {
  topic: string;
  partition: number;
  error?: AppError;
}

/**
 * An idempotent producer with one batch in flight, written by all in-sync replicas.
 *
 * After `send` threw, or returned an error for any partition, nothing may be sent through this
 * publisher but the identical batches: kafkajs rolls its sequence numbers back for all partitions
 * of a failed request, so other records could be taken for a repetition and answered "written"
 * without being so. Sending the identical batches again is safe, and the broker recognises those
 * it already has; for anything else, close this publisher and connect a new one.
 */
export interface Publisher {
  /**
   * @returns the outcome of every partition of `batches`
   * @throws AppError BROKER_UNAVAILABLE when the outcome is unknown, and without having sent
   *   anything when it finds itself connected to another cluster after a connection was lost
   * @throws AppError TOPIC_MISSING when a topic does not exist; if it did when this publisher
   *   connected, the records for other topics may have been written
   */
  send(batches: readonly PartitionBatch[]): Promise<PartitionOutcome[]>;
  /**
   * Whether the cluster is still the one that this publisher connected to. Another cluster knows
   * nothing of this publisher's sequence numbers, or worse, knows them as somebody else's.
   *
   * @throws AppError BROKER_UNAVAILABLE when no broker answers
   */
  isSameCluster(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Connects a publisher, with a producer id of its own.
 *
 * @throws AppError BROKER_UNAVAILABLE when no broker answers
 */
export async function connectPublisher(client: KafkaClient): Promise<Publisher> {
  const clusterId = await fetchClusterId(client);
  let lost = 0;
  let lostWhenVerified = 0;
  const onConnection: ConnectionListener = (change) => {
    if (change === "closed") lost += 1;
  };
  const producer = client.withClientId(client.clientId, onConnection).producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    retry: { retries: 1, initialRetryTime: 50 },
  });
  try {
    await producer.connect();
  } catch (error) {
    await producer.disconnect().catch(() => {});
    throw brokerError(error);
  }

  const isSameCluster = async () => {
    const lostBefore = lost;
    if ((await fetchClusterId(client)) !== clusterId) return false;
    lostWhenVerified = lostBefore;
    return true;
  };

  async function send(batches: readonly PartitionBatch[]): Promise<PartitionOutcome[]> {
    if (lost !== lostWhenVerified && !(await isSameCluster())) {
      throw new AppError("BROKER_UNAVAILABLE", "another cluster has taken the broker's place");
    }
    try {
      const answers = await producer.sendBatch({
        acks: -1,
        timeout: client.requestTimeoutMs,
        topicMessages: toTopicMessages(batches),
      });
      return outcomes(batches, answers);
    } catch (error) {
      const answers = answersOf(error);
      if (answers !== undefined) return explain(outcomes(batches, answers), answers);
      throw isTopicMissing(error)
        ? new AppError("TOPIC_MISSING", "a topic to publish to does not exist", {
            cause: error,
            details: { topics: [...new Set(batches.map(({ topic }) => topic))] },
          })
        : brokerError(error);
    }
  }

  /** A clock that the broker does not take is worth a question: how far is it from the broker's? */
  const explain = (outcomes: PartitionOutcome[], answers: readonly Answer[]) =>
    Promise.all(
      outcomes.map(async (outcome) => {
        const { topic, partition, error } = outcome;
        if (error?.code !== "CLOCK_REFUSED") return outcome;
        const words = answers.find(
          (answer) => answer.topicName === topic && answer.partition === partition,
        )?.recordErrors?.[0]?.message;
        return { ...outcome, error: await explainClock(client, topic, error, words) };
      }),
    );

  return {
    send,
    isSameCluster,
    close: () => producer.disconnect().catch(() => {}),
  };
}

/** The id of the cluster that answers now. */
export async function fetchClusterId(client: KafkaClient): Promise<string> {
  return withAdmin(client, async (admin) => (await admin.describeCluster()).clusterId);
}

interface Answer {
  topicName: string;
  partition: number;
  errorCode: number;
  recordErrors?: { index: number; message: string | null }[];
}

/** The patched kafkajs sends a `recordBatch` as it is, and counts its records. */
function toTopicMessages(batches: readonly PartitionBatch[]) {
  return batches.map(({ topic, partition, batch }) => {
    const message = { partition, value: null, recordBatch: batch };
    return { topic, messages: [message] };
  });
}

function outcomes(
  batches: readonly PartitionBatch[],
  answers: readonly Answer[],
): PartitionOutcome[] {
  const codes = new Map(answers.map((a) => [`${a.topicName}/${a.partition}`, a.errorCode]));
  return batches.map(({ topic, partition }) => {
    const errorCode = codes.get(`${topic}/${partition}`) ?? -1;
    return errorCode === 0
      ? { topic, partition }
      : { topic, partition, error: produceError(topic, partition, errorCode) };
  });
}

/** The patched kafkajs puts the answers of all partitions on the error that one of them caused. */
function answersOf(error: unknown): Answer[] | undefined {
  const root = rootCause(error);
  if (!(root instanceof Error) || !("topics" in root) || !Array.isArray(root.topics)) {
    return undefined;
  }
  const topics = root.topics as { topicName: string; partitions: Omit<Answer, "topicName">[] }[];
  return topics.flatMap(({ topicName, partitions }) =>
    partitions.map((partition) => ({ ...partition, topicName })),
  );
}

const isTopicMissing = (error: unknown): boolean => {
  const root = rootCause(error);
  return root instanceof Error && "type" in root && root.type === "UNKNOWN_TOPIC_OR_PARTITION";
};

import { checkProducedBatch } from "../log/record-batch.ts";
import { timestampProblem } from "../log/timestamp-limits.ts";
import { CloseConnection } from "../wire/close-connection.ts";
import {
  array,
  int16,
  int32,
  int64,
  nullableBytes,
  nullableString,
  since,
  string,
  struct,
} from "../wire/codec.ts";
import { KAFKA_ERRORS, KafkaError, type KafkaErrorCode } from "../wire/error-codes.ts";
import { defineApi, outcomeOf, type RequestContext } from "./define-api.ts";

const request = struct({
  transactionalId: nullableString,
  acks: int16,
  timeoutMs: int32,
  topics: array(
    struct({
      name: string,
      partitions: array(struct({ index: int32, records: nullableBytes })),
    }),
  ),
});

const response = struct({
  topics: array(
    struct({
      name: string,
      partitions: array(
        struct({
          index: int32,
          errorCode: int16,
          baseOffset: int64,
          logAppendTimeMs: int64,
          logStartOffset: since(5, int64, -1),
          recordErrors: since(8, array(struct({ index: int32, message: nullableString })), []),
          errorMessage: since(8, nullableString, null),
        }),
      ),
    }),
  ),
  throttleTimeMs: int32,
});

const NOTHING_WRITTEN = {
  baseOffset: -1,
  logAppendTimeMs: -1,
  logStartOffset: -1,
  recordErrors: [] as { index: number; message: string | null }[],
  errorMessage: null,
};

async function appendTo(
  topicName: string,
  index: number,
  records: Uint8Array | null,
  { broker, version, refusal }: RequestContext,
) {
  let written: Partial<typeof NOTHING_WRITTEN> = {};
  let refused: KafkaErrorCode | undefined;
  const { errorCode, errorMessage } = await outcomeOf(broker, async () => {
    refused = refusal(topicName, index);
    if (refused !== undefined) return;
    const topic = broker.topics.get(topicName);
    const log = topic?.partitions[index];
    if (topic === undefined || log === undefined) {
      throw new KafkaError("UNKNOWN_TOPIC_OR_PARTITION");
    }
    const batch = records ?? new Uint8Array();
    const header = checkProducedBatch(batch, topic.maxMessageBytes, version);
    const problem = timestampProblem(header, topic.timestampLimits, Date.now());
    if (problem !== undefined) {
      written.recordErrors = [{ index: 0, message: problem }];
      throw new KafkaError("INVALID_TIMESTAMP", "One or more records have been rejected");
    }
    const baseOffset = await log.append(batch, header);
    written = { baseOffset, logStartOffset: log.logStart };
  });
  return { index, ...NOTHING_WRITTEN, ...written, errorCode: refused ?? errorCode, errorMessage };
}

/**
 * Produce: batches are stored as they come, one per partition, and acknowledged once committed.
 * Versions below 3 are announced and refused: librdkafka compresses only if it sees version 0
 * (KAFKA-18659).
 */
export const produce = defineApi({
  key: 0,
  name: "Produce",
  minVersion: 3,
  maxVersion: 8,
  announcedMinVersion: 0,
  request,
  response,
  async handle({ transactionalId, acks, topics }, context) {
    if (transactionalId !== null) {
      throw new KafkaError("INVALID_REQUEST", "Transactions are not supported.");
    }
    if (acks !== -1 && acks !== 0 && acks !== 1) throw new KafkaError("INVALID_REQUIRED_ACKS");
    const answers = await Promise.all(
      topics.map(async ({ name, partitions }) => ({
        name,
        partitions: await Promise.all(
          partitions.map(({ index, records }) => appendTo(name, index, records, context)),
        ),
      })),
    );
    if (acks !== 0) return { topics: answers, throttleTimeMs: 0 };
    const failed = answers.some(({ partitions }) =>
      partitions.some(({ errorCode }) => errorCode !== KAFKA_ERRORS.NONE),
    );
    // Nobody waits for an answer; closing is the only way to tell the producer.
    if (failed) throw new CloseConnection("a produce without acknowledgement failed");
    return null;
  },
  fail({ acks, topics }, errorCode) {
    if (acks === 0) throw new CloseConnection("a produce without acknowledgement failed");
    return {
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ index }) => ({ ...NOTHING_WRITTEN, index, errorCode })),
      })),
      throttleTimeMs: 0,
    };
  },
});

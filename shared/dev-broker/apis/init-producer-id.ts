import { int16, int32, int64, nullableString, since, struct, throttled } from "../wire/codec.ts";
import { KAFKA_ERRORS, KafkaError } from "../wire/error-codes.ts";
import { defineApi } from "./define-api.ts";

const request = struct({
  transactionalId: nullableString,
  transactionTimeoutMs: int32,
  producerId: since(3, int64, -1),
  producerEpoch: since(3, int16, -1),
});

const response = throttled(0, { errorCode: int16, producerId: int64, producerEpoch: int16 });

/**
 * InitProducerId: a new id for an idempotent producer, never given out before. Transactions are not
 * supported: a transactional id is answered with INVALID_REQUEST.
 */
export const initProducerId = defineApi({
  key: 22,
  name: "InitProducerId",
  minVersion: 0,
  maxVersion: 4,
  firstFlexible: 2,
  request,
  response,
  async handle({ transactionalId }, { broker }) {
    if (transactionalId !== null) {
      throw new KafkaError("INVALID_REQUEST", "Transactions are not supported.");
    }
    const producerId = await broker.commits.run(() => broker.store.nextProducerId());
    return { errorCode: KAFKA_ERRORS.NONE, producerId, producerEpoch: 0 };
  },
  fail: (_request, errorCode) => ({ errorCode, producerId: -1, producerEpoch: -1 }),
});

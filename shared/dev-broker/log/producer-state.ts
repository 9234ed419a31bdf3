import { KafkaError } from "../wire/error-codes.ts";
import type { BatchHeader } from "./record-batch.ts";

/** Kafka remembers as many batches per producer, the most a producer may have in flight. */
const REMEMBERED_BATCHES = 5;
const SEQUENCES = 2 ** 31;

/** A batch of an idempotent producer that is in the log. */
export interface WrittenBatch {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly baseOffset: number;
}

/** The fields of a batch that say who wrote it, and as which of the producer's records. */
export type BatchSequence = Pick<
  BatchHeader,
  "producerId" | "producerEpoch" | "baseSequence" | "recordCount"
>;

/** What a partition knows of one idempotent producer (KIP-98). */
export interface ProducerState {
  readonly epoch: number;
  /** The last batches of this epoch, oldest first; never empty. */
  readonly batches: readonly WrittenBatch[];
}

/** Sequences wrap around after the largest 32-bit integer. */
export function lastSequenceOf(header: BatchSequence): number {
  return (header.baseSequence + header.recordCount - 1) % SEQUENCES;
}

/**
 * Whether a batch follows on what its producer wrote before. A repeated one answers with the offset
 * it was given the first time; undefined stands for "write it". Throws {@link KafkaError} when it is
 * out of order or of an old epoch. An unknown producer may start with any sequence, because its
 * earlier batches can have been deleted.
 */
export function checkSequence(
  state: ProducerState | undefined,
  header: BatchSequence,
): WrittenBatch | undefined {
  if (state === undefined) return undefined;
  if (header.producerEpoch < state.epoch) {
    throw new KafkaError("INVALID_PRODUCER_EPOCH", "A newer epoch of this producer has written.");
  }
  if (header.producerEpoch > state.epoch) {
    if (header.baseSequence === 0) return undefined;
    throw new KafkaError("OUT_OF_ORDER_SEQUENCE_NUMBER", "A new epoch starts at sequence 0.");
  }
  const lastSequence = lastSequenceOf(header);
  const written = state.batches.find(
    (batch) => batch.firstSequence === header.baseSequence && batch.lastSequence === lastSequence,
  );
  if (written !== undefined) return written;
  const expected = ((state.batches.at(-1)?.lastSequence ?? -1) + 1) % SEQUENCES;
  if (header.baseSequence === expected) return undefined;
  throw new KafkaError(
    "OUT_OF_ORDER_SEQUENCE_NUMBER",
    `Sequence ${header.baseSequence} came where ${expected} was expected.`,
  );
}

/** The state after `header` was written at `baseOffset`. */
export function afterBatch(
  state: ProducerState | undefined,
  header: BatchSequence,
  baseOffset: number,
): ProducerState {
  const written: WrittenBatch = {
    firstSequence: header.baseSequence,
    lastSequence: lastSequenceOf(header),
    baseOffset,
  };
  const earlier = state?.epoch === header.producerEpoch ? state.batches : [];
  return {
    epoch: header.producerEpoch,
    batches: [...earlier, written].slice(-REMEMBERED_BATCHES),
  };
}

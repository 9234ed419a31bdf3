import { AppError } from "@order-outbox/errors";
import type { PartitionBatch, PartitionOutcome, Publisher, RecordBatch } from "@order-outbox/kafka";
import type { RoundPart } from "./round.ts";

/** What the broker takes in one batch, in characters of payload. */
export const BATCH_LIMIT = 300;

/** A broker, as publishers see it, that fails by chance and remembers everything it wrote. */
export interface FailingBroker {
  readonly writes: readonly { id: number; partition: number }[];
  /** May fail with BROKER_UNAVAILABLE. */
  connect(): Promise<Publisher>;
  /** Another cluster, which knows nothing of its publishers, takes the broker's address. */
  replaceCluster(): void;
}

/**
 * @param chance true with a probability
 * @param onMisuse hears of a publisher that is used for anything but a repetition after an error
 */
export function createFailingBroker(
  topic: string,
  chance: (probability: number) => boolean,
  onMisuse: (violation: string) => void,
): FailingBroker {
  const writes: { id: number; partition: number }[] = [];
  let cluster = 1;

  function createPublisher(): Publisher {
    const home = cluster;
    const last = new Map<number, RecordBatch>();
    let unsettled: readonly PartitionBatch[] | undefined;
    let closed = false;

    function answer(part: PartitionBatch): PartitionOutcome {
      const { partition, batch } = part;
      if (sizeOf(part) > BATCH_LIMIT) {
        return { topic, partition, error: new AppError("RECORD_REFUSED", "MESSAGE_TOO_LARGE") };
      }
      if (last.get(partition) === batch) return { topic, partition };
      if (chance(0.15)) {
        return { topic, partition, error: new AppError("BROKER_NOT_READY", "NOT_LEADER") };
      }
      last.set(partition, batch);
      for (const id of idsOf(part)) writes.push({ id, partition });
      return { topic, partition };
    }

    return {
      async send(batches) {
        if (closed) onMisuse("sent through a closed publisher");
        if (unsettled !== undefined && !isRepetition(batches, unsettled)) {
          onMisuse(`sent ${describe(batches)} instead of repeating ${describe(unsettled)}`);
        }
        unsettled = batches;
        await Bun.sleep(0);
        if (home !== cluster || chance(0.1)) throw unavailable();
        if (chance(0.05)) throw new AppError("TOPIC_MISSING", "the topic is gone");
        const outcomes = batches.map(answer);
        if (chance(0.15)) throw unavailable();
        if (outcomes.every(({ error }) => error === undefined)) unsettled = undefined;
        return outcomes;
      },
      async isSameCluster() {
        if (chance(0.2)) throw unavailable();
        return home === cluster;
      },
      async close() {
        closed = true;
      },
    };
  }

  return {
    writes,
    async connect() {
      await Bun.sleep(0);
      if (chance(0.2)) throw unavailable();
      return createPublisher();
    },
    replaceCluster() {
      cluster += 1;
    },
  };
}

const unavailable = () => new AppError("BROKER_UNAVAILABLE", "no answer");

/** The relay sends its rounds' parts as they are. */
const rowsOf = (batch: PartitionBatch) => (batch as RoundPart).rows;

export const idsOf = (batch: PartitionBatch): number[] => rowsOf(batch).map(({ id }) => id);

const sizeOf = (batch: PartitionBatch): number =>
  rowsOf(batch).reduce((sum, { payload }) => sum + payload.length, 0);

const isRepetition = (a: readonly PartitionBatch[], b: readonly PartitionBatch[]): boolean =>
  a.length === b.length && a.every(({ batch }, index) => batch === b[index]?.batch);

const describe = (batches: readonly PartitionBatch[]): string => JSON.stringify(batches.map(idsOf));

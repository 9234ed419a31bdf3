import type { ConsumedBatch, ConsumerStatus, PartitionEnds } from "@order-outbox/kafka";

/** The lag of one partition, by its end as it was a few seconds ago. */
export interface PartitionLag {
  topic: string;
  partition: number;
  /** Whether this member of the group reads it. */
  assigned: boolean;
  records: number;
}

/** What is known of the ends of the partitions, held against how far they are done. */
export interface Lags {
  noteBatch(batch: ConsumedBatch): void;
  /** Takes all partitions that there are, in the place of what was known. */
  noteEnds(ends: readonly PartitionEnds[], clusterId: string): Promise<void>;
  list(): PartitionLag[];
}

/** Where {@link Lags} look up how far a partition is done; undefined: nothing of it is. */
export interface LagSources {
  assigned(): ConsumerStatus["assigned"];
  /** Of a partition that this member reads. */
  watermark(topic: string, partition: number): number | undefined;
  /** Of one that another member reads into the same database, or nobody. */
  storedOffset(
    clusterId: string,
    topic: string,
    partition: number,
  ): number | undefined | Promise<number | undefined>;
}

export function createLags({ assigned, watermark, storedOffset }: LagSources): Lags {
  let ends = new Map<string, PartitionEnds>();
  let stored = new Map<string, number | undefined>();
  const nameOf = (one: { topic: string; partition: number }) => `${one.topic}/${one.partition}`;

  return {
    noteBatch({ topic, partition, highWatermark: high }) {
      const name = nameOf({ topic, partition });
      ends.set(name, { topic, partition, low: ends.get(name)?.low ?? 0, high });
    },
    async noteEnds(all, clusterId) {
      const offsets = await Promise.all(
        all.map(({ topic, partition }) => storedOffset(clusterId, topic, partition)),
      );
      stored = new Map(all.map((one, index) => [nameOf(one), offsets[index]]));
      ends = new Map(all.map((one) => [nameOf(one), one]));
    },
    list() {
      const own = new Set(assigned().map(nameOf));
      return [...ends].map(([name, { topic, partition, low, high }]) => {
        const isOwn = own.has(name);
        const next = isOwn ? watermark(topic, partition) : stored.get(name);
        const records = Math.max(0, high - Math.max(low, next ?? 0));
        return { topic, partition, assigned: isOwn, records };
      });
    },
  };
}

/** How much of it is for this member to work off. */
export const ownLagOf = (lags: readonly PartitionLag[]): number =>
  lags.reduce((sum, { assigned, records }) => sum + (assigned ? records : 0), 0);

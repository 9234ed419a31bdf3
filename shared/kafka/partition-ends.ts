import type { Cluster } from "kafkajs";

/** Between which offsets a partition has records: `low` is the first, `high` the next to come. */
export interface PartitionEnds {
  topic: string;
  partition: number;
  low: number;
  high: number;
}

/**
 * The ends of all partitions that topics have now, whoever reads them. The question also renews what
 * kafkajs knows of the topics: it joins anew when there are more partitions than it knew when it
 * joined, and by itself it would ask every five minutes.
 */
export async function fetchAllEnds(
  cluster: Cluster,
  topics: readonly string[],
): Promise<PartitionEnds[]> {
  await cluster.refreshMetadata();
  const partitions = topics.map((topic) => ({
    topic,
    partitions: cluster
      .findTopicPartitionMetadata(topic)
      .map(({ partitionId }) => ({ partition: partitionId })),
  }));
  const [lows, highs] = await Promise.all(
    [true, false].map(async (fromBeginning) => {
      const asked = partitions.map((one) => ({ ...one, fromBeginning }));
      const found = await cluster.fetchTopicsOffset(asked);
      return new Map(
        found.flatMap(({ topic, partitions: ends }) =>
          ends.map(({ partition, offset }) => [`${topic}/${partition}`, Number(offset)] as const),
        ),
      );
    }),
  );
  return partitions.flatMap(({ topic, partitions: all }) =>
    all.flatMap(({ partition }) => {
      const low = lows?.get(`${topic}/${partition}`);
      const high = highs?.get(`${topic}/${partition}`);
      return low === undefined || high === undefined ? [] : [{ topic, partition, low, high }];
    }),
  );
}

/**
 * Calls `look` at once and then every `everyMs`, never twice at a time. What it throws is dropped: the
 * next look comes, and a broker that is gone is for others to notice.
 */
export function lookRepeatedly(look: () => Promise<void>, everyMs: number): Timer {
  let looking = false;
  const lookOnce = async () => {
    if (looking) return;
    looking = true;
    await look().catch(() => {});
    looking = false;
  };
  void lookOnce();
  return setInterval(lookOnce, everyMs);
}

const HASH_SPACE = 0x7fffffff;

/**
 * The partition that Kafka's own default partitioner gives to a key: murmur2, made positive,
 * modulo the partition count. Records of one key stay in one partition, for every Kafka client.
 */
export function partitionOf(key: string, partitions: number): number {
  return keyHash(key) % partitions;
}

/**
 * The non-negative murmur2 hash of a key, whose remainder by the partition count is the partition.
 * Stored with an outbox row it lets SQL choose rows by partition, whatever the count is.
 */
export function keyHash(key: string): number {
  return murmur2(key) & HASH_SPACE;
}

// Every accepted order is hashed; kafkajs keeps its own murmur2 private, so a test compares the two.
function murmur2(key: string): number {
  const data = new TextEncoder().encode(key);
  const m = 0x5bd1e995;
  let h = 0x9747b28c ^ data.length;
  let i = 0;
  for (; i + 4 <= data.length; i += 4) {
    let k =
      (data[i] as number) |
      ((data[i + 1] as number) << 8) |
      ((data[i + 2] as number) << 16) |
      ((data[i + 3] as number) << 24);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    k = Math.imul(k, m);
    h = Math.imul(h, m) ^ k;
  }
  const rest = data.length - i;
  if (rest >= 3) h ^= (data[i + 2] as number) << 16;
  if (rest >= 2) h ^= (data[i + 1] as number) << 8;
  if (rest >= 1) h = Math.imul(h ^ (data[i] as number), m);
  h ^= h >>> 13;
  h = Math.imul(h, m);
  return h ^ (h >>> 15);
}

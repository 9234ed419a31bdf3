import type { CommittedOffset } from "../groups/mod.ts";
import type { ProducerState } from "../log/producer-state.ts";

/** A partition as it is stored. */
export interface StoredPartition {
  /** Names the partition in the store for ever, also after its topic is gone. */
  readonly id: number;
  readonly index: number;
  readonly logStart: number;
  /** The offset that the next record gets. */
  readonly logEnd: number;
}

export interface StoredTopic {
  readonly id: number;
  readonly name: string;
  /** What was set for the topic; everything else has its default. */
  readonly configs: Readonly<Record<string, string>>;
  readonly partitions: readonly StoredPartition[];
}

/** What a partition knows of an idempotent producer, as it is stored. */
export interface StoredProducer {
  readonly partitionId: number;
  readonly producerId: number;
  readonly state: ProducerState;
}

/** A record batch with what the store must know to find it again. */
export interface StoredBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly maxTimestamp: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly bytes: Uint8Array;
}

export interface GroupOffset extends CommittedOffset {
  readonly groupId: string;
}

/**
 * Where everything lives that outlasts the process. Writes happen inside {@link Store.transaction}
 * and are all there, or none is, once it returns; reads see what was committed.
 */
export interface Store {
  /** Made once, with the store. */
  readonly clusterId: string;
  topics(): readonly StoredTopic[];
  groupOffsets(): readonly GroupOffset[];
  /** Every partition's idempotent producers, each partition's in the order of their last batches. */
  producers(): readonly StoredProducer[];

  /** Runs `work` in one transaction, which a throw rolls back. */
  transaction(work: () => void): void;

  addTopic(name: string, partitions: number, configs: Record<string, string>): StoredTopic;
  addPartitions(topicId: number, indexes: readonly number[]): readonly StoredPartition[];
  setConfigs(topicId: number, configs: Record<string, string>): void;
  /** Removes the topic, its records and every group's offsets for it. */
  removeTopic(topicId: number): void;
  append(partitionId: number, batch: StoredBatch): void;
  saveProducer(producer: StoredProducer): void;
  forgetProducer(partitionId: number, producerId: number): void;
  /** Forgets whole batches below `logStart`; the last one may still hold records below it. */
  deleteRecords(partitionId: number, logStart: number): void;
  /** A producer id that was never given out before. */
  nextProducerId(): number;
  saveOffsets(groupId: string, offsets: readonly CommittedOffset[]): void;
  removeGroup(groupId: string): void;

  /**
   * Whole batches from the one that holds `offset` on, as many as `maxBytes` allows; the first may
   * be larger when `atLeastOne` is set.
   */
  read(partitionId: number, offset: number, maxBytes: number, atLeastOne: boolean): Uint8Array[];
  /** The first batch that holds a record of `timestamp` or later. */
  findByTimestamp(partitionId: number, timestamp: number): Uint8Array | undefined;

  close(): void;
}

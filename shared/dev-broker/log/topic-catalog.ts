import type { CommitQueue, OnRollback } from "../storage/commit-queue.ts";
import type { Store, StoredTopic } from "../storage/store.ts";
import { KafkaError } from "../wire/error-codes.ts";
import { PartitionLog } from "./partition-log.ts";
import type { TimestampLimits } from "./timestamp-limits.ts";
import { effectiveConfig } from "./topic-configs.ts";

/** More partitions in one topic are taken for a mistake. */
const MAX_PARTITIONS = 1000;
const LEGAL_NAME = /^[a-zA-Z0-9._-]{1,249}$/;

/** A topic in memory. */
export interface Topic {
  readonly id: number;
  readonly name: string;
  readonly configs: Readonly<Record<string, string>>;
  readonly maxMessageBytes: number;
  readonly timestampLimits: TimestampLimits;
  readonly partitions: readonly PartitionLog[];
}

/** Throws INVALID_TOPIC_EXCEPTION for a name that Kafka does not take. */
export function checkTopicName(name: string): void {
  if (LEGAL_NAME.test(name) && name !== "." && name !== "..") return;
  throw new KafkaError(
    "INVALID_TOPIC_EXCEPTION",
    "A topic name has 1 to 249 letters, digits, dots, underscores and hyphens.",
  );
}

/** Throws INVALID_PARTITIONS for a count that no topic can have. */
export function checkPartitionCount(count: number): void {
  if (count >= 1 && count <= MAX_PARTITIONS) return;
  throw new KafkaError(
    "INVALID_PARTITIONS",
    `A topic has 1 to ${MAX_PARTITIONS} partitions, not ${count}.`,
  );
}

/** The topics of the broker. Changes settle once they are committed. */
export class TopicCatalog {
  readonly #topics = new Map<string, Topic>();
  readonly #store: Store;
  readonly #commits: CommitQueue;

  constructor(store: Store, commits: CommitQueue) {
    this.#store = store;
    this.#commits = commits;
    for (const stored of store.topics()) this.#keep(stored);
    this.#rememberProducers();
  }

  get(name: string): Topic | undefined {
    return this.#topics.get(name);
  }

  all(): readonly Topic[] {
    return [...this.#topics.values()];
  }

  /** The log of a partition, or undefined if there is no such topic or partition. */
  log(name: string, partition: number): PartitionLog | undefined {
    return this.#topics.get(name)?.partitions[partition];
  }

  /** Throws what {@link TopicCatalog.create} would reject with. */
  checkNew(name: string, partitions: number): void {
    checkTopicName(name);
    if (this.#topics.has(name)) {
      throw new KafkaError("TOPIC_ALREADY_EXISTS", `Topic "${name}" already exists.`);
    }
    checkPartitionCount(partitions);
  }

  create(name: string, partitions: number, configs: Record<string, string> = {}): Promise<Topic> {
    return this.#commits.run((onRollback) => {
      this.checkNew(name, partitions);
      onRollback(() => this.#topics.delete(name));
      return this.#keep(this.#store.addTopic(name, partitions, configs));
    });
  }

  /** Throws what {@link TopicCatalog.grow} would reject with. */
  checkGrowth(name: string, partitions: number): Topic {
    const topic = this.#existing(name);
    if (partitions <= topic.partitions.length) {
      throw new KafkaError(
        "INVALID_PARTITIONS",
        `Topic "${name}" already has ${topic.partitions.length} partitions.`,
      );
    }
    checkPartitionCount(partitions);
    return topic;
  }

  grow(name: string, partitions: number): Promise<void> {
    return this.#commits.run((onRollback) => {
      const topic = this.checkGrowth(name, partitions);
      const had = topic.partitions.length;
      const indexes = Array.from({ length: partitions - had }, (_, index) => had + index);
      const added = this.#store
        .addPartitions(topic.id, indexes)
        .map((stored) => new PartitionLog(stored, this.#store, this.#commits));
      this.#replace({ ...topic, partitions: [...topic.partitions, ...added] }, onRollback);
    });
  }

  configure(name: string, configs: Record<string, string>): Promise<void> {
    return this.#commits.run((onRollback) => {
      const topic = this.#existing(name);
      this.#store.setConfigs(topic.id, configs);
      this.#replace({ ...topic, ...configured(configs) }, onRollback);
    });
  }

  remove(name: string): Promise<void> {
    return this.#commits.run((onRollback) => {
      const topic = this.#existing(name);
      this.#store.removeTopic(topic.id);
      this.#topics.delete(name);
      onRollback(() => this.#topics.set(name, topic));
      for (const partition of topic.partitions) partition.markDeleted(onRollback);
    });
  }

  #existing(name: string): Topic {
    const topic = this.#topics.get(name);
    if (topic === undefined) throw new KafkaError("UNKNOWN_TOPIC_OR_PARTITION");
    return topic;
  }

  #replace(topic: Topic, onRollback: OnRollback): void {
    const before = this.#existing(topic.name);
    this.#topics.set(topic.name, topic);
    onRollback(() => this.#topics.set(topic.name, before));
  }

  #keep({ id, name, configs, partitions }: StoredTopic): Topic {
    const topic: Topic = {
      id,
      name,
      ...configured(configs),
      partitions: partitions.map((stored) => new PartitionLog(stored, this.#store, this.#commits)),
    };
    this.#topics.set(name, topic);
    return topic;
  }

  #rememberProducers(): void {
    const logs = new Map(
      this.all().flatMap(({ partitions }) => partitions.map((log) => [log.id, log] as const)),
    );
    for (const { partitionId, producerId, state } of this.#store.producers()) {
      logs.get(partitionId)?.remember(producerId, state);
    }
  }
}

function configured(configs: Readonly<Record<string, string>>) {
  const number = (name: string) => Number(effectiveConfig(configs, name));
  return {
    configs,
    maxMessageBytes: number("max.message.bytes"),
    timestampLimits: {
      beforeMs: number("message.timestamp.before.max.ms"),
      afterMs: number("message.timestamp.after.max.ms"),
    },
  };
}

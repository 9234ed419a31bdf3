import type { CommittedOffset, TopicPartition } from "./requests.ts";

/** Where committed offsets live: the only part of a group that survives a restart. */
export interface OffsetStore {
  /** Stores all or none; settled once it would survive a crash. */
  commit(groupId: string, offsets: readonly CommittedOffset[]): void | Promise<void>;
  /** What the group committed for one partition, or undefined. */
  read(groupId: string, partition: TopicPartition): CommittedOffset | undefined;
  /** Everything the group committed. */
  readAll(groupId: string): readonly CommittedOffset[];
  /** The groups that have at least one offset. */
  groups(): readonly string[];
  /** Forgets the group's offsets; false when it had none. */
  deleteGroup(groupId: string): boolean;
  /** Forgets the topic's offsets in every group; for whoever deletes the topic. */
  deleteTopic(topic: string): void;
}

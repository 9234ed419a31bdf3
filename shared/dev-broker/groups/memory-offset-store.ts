import type { OffsetStore } from "./offset-store.ts";
import type { CommittedOffset, TopicPartition } from "./requests.ts";

/** An {@link OffsetStore} that forgets everything with the process. */
export function createMemoryOffsetStore(): OffsetStore {
  const groups = new Map<string, Map<string, CommittedOffset>>();
  const keyOf = ({ topic, partition }: TopicPartition) => `${partition}:${topic}`;
  return {
    commit(groupId, offsets) {
      const stored = groups.getOrInsertComputed(groupId, () => new Map());
      for (const committed of offsets) stored.set(keyOf(committed), committed);
    },
    read: (groupId, partition) => groups.get(groupId)?.get(keyOf(partition)),
    readAll: (groupId) => [...(groups.get(groupId)?.values() ?? [])],
    groups: () => [...groups.keys()],
    deleteGroup: (groupId) => groups.delete(groupId),
    deleteTopic(topic) {
      for (const [groupId, stored] of groups) {
        for (const [key, committed] of stored) if (committed.topic === topic) stored.delete(key);
        if (stored.size === 0) groups.delete(groupId);
      }
    },
  };
}

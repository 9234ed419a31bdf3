import { createMemoryOffsetStore, type OffsetStore } from "../groups/mod.ts";
import type { CommitQueue } from "./commit-queue.ts";
import type { Store } from "./store.ts";

/** Committed offsets, read from memory and written through to the store. */
export function createDurableOffsets(store: Store, commits: CommitQueue): OffsetStore {
  const memory = createMemoryOffsetStore();
  for (const { groupId, ...offset } of store.groupOffsets()) memory.commit(groupId, [offset]);
  return {
    ...memory,
    async commit(groupId, offsets) {
      await commits.run(() => store.saveOffsets(groupId, offsets));
      await memory.commit(groupId, offsets);
    },
    deleteGroup(groupId) {
      // Whoever asked waits for the queue; a failure is reported there, and undone by a restart.
      commits.run(() => store.removeGroup(groupId)).catch(() => {});
      return memory.deleteGroup(groupId);
    },
  };
}

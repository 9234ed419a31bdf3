import type { GroupRegistry } from "./group-registry.ts";
import type { OffsetStore } from "./offset-store.ts";
import type { Rebalance } from "./rebalance.ts";
import type { Sessions } from "./sessions.ts";
import type { Limits } from "./settings.ts";
import type { Timers } from "./timers.ts";

/** What the handlers of the requests share. */
export interface CoordinatorContext {
  readonly groups: GroupRegistry;
  readonly sessions: Sessions;
  readonly rebalance: Rebalance;
  readonly offsets: OffsetStore;
  readonly topicExists: (topic: string, partition: number) => boolean;
  readonly timers: Timers;
  readonly randomId: () => string;
  readonly limits: Limits;
}

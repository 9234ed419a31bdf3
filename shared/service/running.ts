import type { Inbox } from "@order-outbox/inbox";
import type { OutboxWorker } from "@order-outbox/outbox";
import type { StorageWatch } from "@order-outbox/service-kit";
import type { Outside } from "./parts.ts";
import type { Pruning } from "./start-pruning.ts";
import type { ServiceDatabase } from "./tables.ts";

/** What runs in a service while it serves, and has to be ended. */
export interface Running {
  database: ServiceDatabase<unknown>;
  outside: readonly Outside[];
  storage: StorageWatch;
  pruning: Pruning;
  /** Of a service that consumes. */
  inbox: Inbox | undefined;
  /** Of a service that publishes. */
  worker: OutboxWorker | undefined;
}

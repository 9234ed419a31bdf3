import type {
  HeldCounts,
  HeldState,
  OutboxCounts,
  ReadOffset,
  RelayOwner,
} from "@order-outbox/operator";
import type { Service, ServiceName } from "@order-outbox/registry";
import type { TopicEnds } from "@order-outbox/topic-reader";
import type { Desks } from "./desks.ts";

/** How a service stands, by its own database. Times are ISO 8601 unless they say otherwise. */
export interface ServiceFacts {
  service: ServiceName;
  database: string;
  exists: true;
  outbox: OutboxCounts | null;
  relay: RelayOwner | null;
  held: Record<HeldState, number>;
  oldestHeldAt: string | null;
  inbox: number;
  /** Records that are not read yet, per consumed topic; null when the broker cannot tell. */
  lag: Record<string, number | null>;
  openRequests: number;
}

/** Reads the facts of one service; `ends` undefined means that no broker answered. */
export async function readFacts(
  { outbox, held }: Desks,
  { name, database, consumes }: Service,
  ends: TopicEnds | undefined,
): Promise<ServiceFacts> {
  const counts = (await held?.counts()) ?? NOTHING_HELD;
  const offsets = ends === undefined ? [] : ((await held?.offsets(ends.clusterId)) ?? []);
  return {
    service: name,
    database,
    exists: true,
    outbox: (await outbox?.counts()) ?? null,
    relay: (await outbox?.relay()) ?? null,
    held: counts.held,
    oldestHeldAt: counts.oldestHeldAt,
    inbox: counts.inbox,
    lag: Object.fromEntries(consumes.map((topic) => [topic, lagOf(topic, offsets, ends)])),
    openRequests: counts.openRequests,
  };
}

const NOTHING_HELD: HeldCounts = {
  held: { RETRYING: 0, BEHIND: 0, WAITING: 0, PARKED: 0 },
  oldestHeldAt: null,
  inbox: 0,
  openRequests: 0,
};

function lagOf(
  topic: string,
  offsets: readonly ReadOffset[],
  ends: TopicEnds | undefined,
): number | null {
  const partitions = ends?.topics.get(topic);
  if (partitions === undefined) return null;
  const next = new Map(
    offsets
      .filter((one) => one.topic === topic)
      .map(({ partition, nextOffset }) => [partition, nextOffset]),
  );
  return partitions.reduce(
    (sum, { partition, low, high }) =>
      sum + Math.max(0, high - Math.max(low, next.get(partition) ?? low)),
    0,
  );
}

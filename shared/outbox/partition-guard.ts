import { AppError } from "@order-outbox/errors";
import type { OutboxStore } from "./store.ts";

/**
 * Prepares the check that topics still have the partition counts which their keys were spread
 * over: another count sends later events of a key to another partition, where they can overtake
 * earlier ones. The first contact with a topic records its count; an operator may change it.
 *
 * The count is looked at whenever the relay connects. A relay that is connected goes on with the
 * count that it began with, so its keys stay where they are.
 *
 * @param service whose outbox it is, for the sentence that tells what to do
 * @returns rejects with AppError PARTITIONS_CHANGED when a count differs; until that is accepted, nothing
 *   of this outbox is published
 */
export function preparePartitionGuard(
  store: Pick<OutboxStore, "recordPartitions">,
  service: string,
): (found: ReadonlyMap<string, number>, at: string) => Promise<void> {
  return async (found, at) => {
    const recorded = await store.recordPartitions(found, at);
    for (const [topic, partitions] of found) {
      const before = recorded.get(topic) ?? partitions;
      if (before !== partitions) throw changed(service, topic, before, partitions);
    }
  };
}

function changed(service: string, topic: string, before: number, partitions: number): AppError {
  const command = `bun run outbox accept-partitions --service ${service} --topic ${topic} --count ${partitions} --reason "…"`;
  return new AppError(
    "PARTITIONS_CHANGED",
    `${topic} has ${partitions} partitions, its keys were spread over ${before}: drain it, then run \`${command}\``,
    { details: { topic, partitions, recorded: before } },
  );
}

import { AppError } from "@order-outbox/errors";
import type { Database } from "@order-outbox/sqlite";

/**
 * Prepares the check that topics still have the partition counts which their keys were spread
 * over: another count sends later events of a key to another partition, where they can overtake
 * earlier ones. The first contact with a topic records its count; an operator may change it.
 *
 * The count is looked at whenever the relay connects. A relay that is connected goes on with the
 * count that it began with, so its keys stay where they are.
 *
 * @param service whose outbox it is, for the sentence that tells what to do
 * @returns throws AppError PARTITIONS_CHANGED when a count differs; until that is accepted, nothing
 *   of this outbox is published
 */
export function preparePartitionGuard(
  db: Database,
  service: string,
): (found: ReadonlyMap<string, number>, at: string) => void {
  const record = db.prepare<unknown, [string, number, string]>(
    `INSERT INTO published_topics (topic, partitions, recordedAt) VALUES (?, ?, ?)
     ON CONFLICT (topic) DO NOTHING`,
  );
  const recorded = db.prepare<{ topic: string; partitions: number }, []>(
    "SELECT topic, partitions FROM published_topics",
  );
  return (found, at) => {
    const known = new Map(recorded.all().map(({ topic, partitions }) => [topic, partitions]));
    for (const [topic, partitions] of found) {
      const before = known.get(topic);
      if (before === undefined) record.run(topic, partitions, at);
      else if (before !== partitions) throw changed(service, topic, before, partitions);
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

import type { EventMap } from "./parts.ts";

/** With how many partitions a topic is created that is not there. */
const PARTITIONS = 6;

/** The topics of these types, in the order in which they are first named, with partition counts. */
export function topicsOf(events: EventMap, types: readonly string[]): Record<string, number> {
  const topics = types.map((type) => {
    const topic = events[type]?.topic;
    if (topic === undefined) throw new TypeError(`the event map has no ${type}`);
    return [topic, PARTITIONS] as const;
  });
  return Object.fromEntries(topics);
}

import type { EventMap } from "@order-outbox/events";

/** With how many partitions a topic is created that is not there. */
const PARTITIONS = 6;

/** The topics of these types, in the order in which they are first named, with partition counts. */
export function topicsOf(events: EventMap, types: readonly string[]): Record<string, number> {
  const topics = types.map((type) => {
    if (!events.has(type)) throw new TypeError(`the event map has no ${type}`);
    return [events.originOf(type).topic, PARTITIONS] as const;
  });
  return Object.fromEntries(topics);
}

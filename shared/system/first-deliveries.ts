import type { TopicRecord } from "@order-outbox/testing";

/** The first record of every event id. */
export function firstDeliveries(records: readonly TopicRecord[]): TopicRecord[] {
  const seen = new Set<string>();
  return records.filter(({ headers }) => {
    const id = headers.ce_id ?? "";
    return seen.has(id) ? false : seen.add(id);
  });
}

/**
 * Names each first delivery that comes, in its partition, after one with a higher sequence.
 *
 * @param excused ids of events that came late because an operator redrove them
 */
export function outOfOrder(
  topic: string,
  records: readonly TopicRecord[],
  excused: ReadonlySet<string> = new Set(),
): string[] {
  const highest = new Map<number, number>();
  return firstDeliveries(records).flatMap(({ partition, offset, headers }) => {
    const sequence = Number(headers.ce_sequence);
    const before = highest.get(partition) ?? 0;
    highest.set(partition, Math.max(before, sequence));
    return sequence > before || excused.has(headers.ce_id ?? "")
      ? []
      : [`out of order: ${topic}/${partition} offset ${offset} has ${sequence} after ${before}`];
  });
}

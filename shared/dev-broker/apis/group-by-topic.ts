/** Flat answers in the nested form of the wire: by topic, in the order of their first appearance. */
export function groupByTopic<P extends { readonly topic: string }>(
  partitions: readonly P[],
): { name: string; partitions: readonly P[] }[] {
  return [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, ofTopic]) => ({
    name,
    partitions: ofTopic,
  }));
}

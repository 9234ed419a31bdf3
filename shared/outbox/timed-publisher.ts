import type { Publisher } from "@order-outbox/kafka";

/** `publisher`, which notes how long the broker took to answer each round, in milliseconds. */
export function timePublisher(publisher: Publisher, note: (durationMs: number) => void): Publisher {
  return {
    ...publisher,
    async send(batches) {
      const startedAt = performance.now();
      const outcomes = await publisher.send(batches);
      note(performance.now() - startedAt);
      return outcomes;
    },
  };
}

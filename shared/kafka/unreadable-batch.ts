import type { Consumer as KafkaJsConsumer } from "kafkajs";

/** A batch whose records cannot be read. */
export interface UnreadableBatch {
  topic: string;
  partition: number;
  /** Its first offset. */
  offset: number;
  /** Where reading would continue beyond it. */
  nextOffset: number;
  codec: string;
  reason: string;
}

/** The event that the patched kafkajs emits instead of failing the fetch of every partition. */
const UNREADABLE_BATCH = "consumer.unreadable_batch";

/** Has `listener` decide about partitions that are paused because of what comes next in them. */
export function onUnreadableBatch(
  consumer: KafkaJsConsumer,
  listener: (batch: UnreadableBatch) => void,
): void {
  type Payload = Omit<UnreadableBatch, "offset" | "nextOffset"> & {
    offset: string;
    nextOffset: string;
  };
  const on = consumer.on as (name: string, listener: (event: { payload: Payload }) => void) => void;
  on(UNREADABLE_BATCH, ({ payload }) =>
    listener({
      ...payload,
      offset: Number(payload.offset),
      nextOffset: Number(payload.nextOffset),
    }),
  );
}

/** In words, for an operator: what cannot be read, why, and where it ends. */
export function describeUnreadable({ codec, reason, nextOffset }: UnreadableBatch): string {
  const packed = codec === "none" ? "" : ` (compressed with ${codec})`;
  return `a batch${packed} cannot be read, ${reason}; it ends before offset ${nextOffset}`;
}

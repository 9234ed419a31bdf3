import type { Consumer as KafkaJsConsumer } from "kafkajs";
import type { KafkaClient } from "./client.ts";
import { withAdmin } from "./topics.ts";

/** The event that the patched kafkajs emits instead of resetting an offset on its own. */
const OFFSET_OUT_OF_RANGE = "consumer.offset_out_of_range";

/** Has `listener` decide about partitions that are paused because their next offset is not there. */
export function onOffsetOutOfRange(
  consumer: KafkaJsConsumer,
  listener: (topic: string, partition: number, offset: number) => void,
): void {
  const on = consumer.on as (
    name: string,
    listener: (event: {
      payload: { topic: string; partition: number; fetchOffset: string };
    }) => void,
  ) => void;
  on(OFFSET_OUT_OF_RANGE, ({ payload: { topic, partition, fetchOffset } }) =>
    listener(topic, partition, Number(fetchOffset)),
  );
}

/** Retention may have removed a topic's first records before this database saw any of them. */
export async function seekToBeginning(
  client: KafkaClient,
  consumer: KafkaJsConsumer,
  topic: string,
  partition: number,
): Promise<void> {
  const offsets = await withAdmin(client, (admin) => admin.fetchTopicOffsets(topic));
  const low = offsets.find((entry) => entry.partition === partition)?.low ?? "0";
  consumer.seek({ topic, partition, offset: low });
  consumer.resume([{ topic, partitions: [partition] }]);
}

import type { ErrorCode } from "@order-outbox/errors";
import type { Consumer as KafkaJsConsumer } from "kafkajs";
import type { Log } from "./log.ts";

/** A partition that does not move until an operator decides. */
export interface StoppedPartition {
  topic: string;
  partition: number;
  /** Where it would continue. */
  offset: number;
  /** OFFSET_OUT_OF_RANGE or BATCH_UNREADABLE. */
  code: ErrorCode;
  /** Why it stopped, in words. */
  reason: string;
}

/** The partitions of one membership that are paused. */
export interface StoppedPartitions {
  list(): StoppedPartition[];
  /** Notes a partition that has been paused, and says so unless that is known. */
  add(stopped: StoppedPartition): void;
  /** Notes that a partition moves. */
  remove(topic: string, partition: number): void;
  /** Fetches from those again whose batch could not be read: it may be another copy, or repaired. */
  lookAgain(): void;
  /** Forgets all of them, to be fetched from as if they had never stopped. */
  resumeAll(): void;
}

/** @param onChange is called whenever the list is another one */
export function createStoppedPartitions(
  consumer: KafkaJsConsumer,
  { log, groupId, onChange }: { log: Log; groupId: string; onChange(): void },
): StoppedPartitions {
  const stopped = new Map<string, StoppedPartition>();
  const resume = ({ topic, partition }: StoppedPartition) =>
    consumer.resume([{ topic, partitions: [partition] }]);
  return {
    list: () => [...stopped.values()],
    add(next) {
      const { topic, partition, offset, code, reason } = next;
      const known = stopped.get(`${topic}/${partition}`);
      stopped.set(`${topic}/${partition}`, next);
      onChange();
      if (known?.offset === offset && known.reason === reason) return;
      log.error(
        { groupId, topic, partition, offset, code },
        `${reason}; this partition waits for an operator`,
      );
    },
    remove(topic, partition) {
      if (!stopped.delete(`${topic}/${partition}`)) return;
      onChange();
      log.info({ groupId, topic, partition }, "this partition goes on");
    },
    lookAgain() {
      for (const one of stopped.values()) if (one.code === "BATCH_UNREADABLE") resume(one);
    },
    resumeAll() {
      for (const one of stopped.values()) resume(one);
      stopped.clear();
    },
  };
}

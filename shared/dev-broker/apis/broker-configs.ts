import type { Broker } from "../broker.ts";
import { CONFIG_TYPES, effectiveConfig } from "../log/topic-configs.ts";

/** What the node says of itself, under Kafka's names. */
export function brokerConfigs({ autoCreatePartitions, defaultPartitions }: Broker) {
  return [
    {
      name: "auto.create.topics.enable",
      value: String(autoCreatePartitions !== null),
      type: CONFIG_TYPES.BOOLEAN,
    },
    { name: "default.replication.factor", value: "1", type: CONFIG_TYPES.INT },
    {
      name: "message.max.bytes",
      value: effectiveConfig({}, "max.message.bytes"),
      type: CONFIG_TYPES.INT,
    },
    { name: "num.partitions", value: String(defaultPartitions), type: CONFIG_TYPES.INT },
  ];
}

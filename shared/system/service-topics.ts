import { DEFAULT_PARTITIONS, TOPICS } from "@order-outbox/contracts";
import { SERVICES } from "@order-outbox/registry";
import { resetTopics } from "@order-outbox/testing";

/** The consumer groups of the services. */
export const SERVICE_GROUPS = SERVICES.map(({ name }) => name);

/** The services' topics, and how many partitions each has. */
export const SERVICE_TOPICS: Readonly<Record<string, number>> = Object.fromEntries(
  Object.values(TOPICS).map((topic) => [topic, DEFAULT_PARTITIONS]),
);

/** Empties what the services share through a broker: their topics and their groups. */
export const resetServiceTopics = (kafkaHost: string): Promise<void> =>
  resetTopics(kafkaHost, SERVICE_TOPICS, SERVICE_GROUPS);

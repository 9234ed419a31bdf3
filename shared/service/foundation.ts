import { ageingClock } from "@order-outbox/errors";
import { createKafkaClient, type KafkaClient } from "@order-outbox/kafka";
import {
  createLogger,
  exitOnConfigError,
  kafkaConnectionOf,
  loadConfig,
} from "@order-outbox/service-kit";
import { startTracing } from "@order-outbox/telemetry";
import type { Static, TObject } from "@sinclair/typebox";
import type { Basics } from "./parts.ts";
import { Consuming, Publishing, type ServiceConfig } from "./settings.ts";

/** What everything else in a service stands on. */
export interface Foundation extends Basics<ServiceConfig & Consuming & Publishing> {
  service: string;
  /** How the cluster is reached. */
  kafka: ReturnType<typeof kafkaConnectionOf>;
  client: KafkaClient;
}

/**
 * Reads the settings, and makes of them what needs no database. What is wrong with them ends the
 * process with a message.
 *
 * @returns also the settings as their schema has them
 */
export async function layFoundation<Schema extends TObject & { static: ServiceConfig }>(
  service: string,
  schema: Schema,
): Promise<Foundation & { own: Static<Schema> }> {
  const own: Static<Schema> = exitOnConfigError(() => loadConfig(schema, process.env, { service }));
  const config = { ...defaultsOf(Consuming), ...defaultsOf(Publishing), ...own };
  const logger = createLogger({ service, level: config.LOG_LEVEL, format: config.LOG_FORMAT });
  const kafka = kafkaConnectionOf(config);
  const client = exitOnConfigError(() =>
    createKafkaClient({ ...kafka, clientId: service, log: logger }),
  );
  const tracing = await startTracing({ service, env: process.env, log: logger });
  const clocks = { now: Date.now, ageing: ageingClock() };
  return { service, own, config, logger, kafka, client, tracing, ...clocks };
}

/** What a schema of settings gives when nothing is set. */
const defaultsOf = <Schema extends TObject>(schema: Schema): Static<Schema> =>
  loadConfig(schema, {}, { service: "" });

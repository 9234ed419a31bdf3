import { Kafka, logLevel } from "kafkajs";
import { installCodecs } from "./compression.ts";
import type { Log } from "./log.ts";
import { requirePatchedKafkajs } from "./patched.ts";
import { type ConnectionListener, type KafkaSecurity, toKafkaJs } from "./security.ts";

/** How to reach a cluster. */
export interface KafkaSettings {
  /** `host:port` of one broker or more. */
  brokers: string[];
  /** What the cluster asks of its clients; nothing when it is left out. */
  security?: KafkaSecurity;
  /** Whether topics that are missing are created; true. */
  createTopics?: boolean;
  clientId: string;
  log: Log;
  /** Milliseconds until a connection attempt is given up; 2,000. */
  connectionTimeoutMs?: number;
  /** Milliseconds until a request without an answer counts as unknown; 8,000. */
  requestTimeoutMs?: number;
}

/** A configured kafkajs; the functions of this package take it and hide it from their callers. */
export interface KafkaClient {
  readonly kafkajs: Kafka;
  readonly clientId: string;
  /** A second kafkajs, with a client id and connections of its own. */
  withClientId(clientId: string, onConnection?: ConnectionListener): Kafka;
  readonly log: Log;
  readonly mayCreateTopics: boolean;
  readonly requestTimeoutMs: number;
}

/**
 * Configures a client; connects nothing. kafkajs's own retries are kept to a minimum, because
 * whoever calls owns retrying: the relay, the consumer's supervisor.
 *
 * @throws AppError `CONFIG_INVALID` when kafkajs is installed without its patch
 */
export function createKafkaClient(settings: KafkaSettings): KafkaClient {
  requirePatchedKafkajs();
  const { brokers, security = {}, clientId, log } = settings;
  const requestTimeoutMs = settings.requestTimeoutMs ?? 8_000;
  installCodecs();
  const withClientId = (clientId: string, onConnection?: ConnectionListener) =>
    new Kafka({
      brokers,
      ...toKafkaJs(security, onConnection),
      clientId,
      connectionTimeout: settings.connectionTimeoutMs ?? 2_000,
      requestTimeout: requestTimeoutMs,
      retry: { retries: 1, initialRetryTime: 50, maxRetryTime: 500 },
      logLevel: logLevel.INFO,
      logCreator: () => toLog(log),
    });
  const kafkajs = withClientId(clientId);
  return {
    kafkajs,
    clientId,
    withClientId,
    log,
    mayCreateTopics: settings.createTopics ?? true,
    requestTimeoutMs,
  };
}

type LogEntry = Parameters<
  ReturnType<NonNullable<ConstructorParameters<typeof Kafka>[0]["logCreator"]>>
>[0];

// kafkajs reports a normal rebalance and every failed attempt of a retry as errors. What an
// operator must know is said by the callers of this package, so its own words are for debugging.
const toLog =
  (log: Log) =>
  ({ namespace, log: { message, timestamp, logger, ...fields } }: LogEntry): void =>
    log.debug({ ...fields, component: `kafkajs.${namespace}` }, message);

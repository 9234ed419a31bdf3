import { monotonic } from "@order-outbox/errors";
import { type OutboxWorker, startOutboxWorker } from "@order-outbox/outbox";
import { endProcess, type kafkaConnectionOf, type ProcessLogger } from "@order-outbox/service-kit";
import type { Publishing } from "./settings.ts";
import type { OutboxTables } from "./tables.ts";

/** What {@link startPublishing} takes. */
export interface PublishingOptions {
  service: string;
  config: Publishing & { DATABASE_PATH: string };
  kafka: ReturnType<typeof kafkaConnectionOf>;
  outbox: OutboxTables;
  /** With partition counts for creating them. */
  topics: Record<string, number>;
  logger: ProcessLogger;
  /** Hears how long the broker took to answer each round, in milliseconds. */
  onRounds(durationsMs: readonly number[]): void;
}

/** Starts the thread that publishes what is in the outbox; the process ends when that one fails. */
export function startPublishing(options: PublishingOptions): OutboxWorker {
  const { service, config, kafka, outbox, topics, logger, onRounds } = options;
  return startOutboxWorker({
    entry: outbox.worker,
    settings: {
      database: config.DATABASE_PATH,
      ...kafka,
      clientId: service,
      topics,
      source: `/${service}`,
      pollMs: config.OUTBOX_POLL_MS,
      backoffCapMs: config.OUTBOX_BACKOFF_MAX_MS,
    },
    log: logger,
    monotonic,
    onRounds,
    onFailure(error) {
      logger.error({ error }, "cannot publish without the outbox worker; exiting");
      void endProcess(logger, 1);
    },
  });
}

import { monotonic } from "@order-outbox/errors";
import { type OutboxWorker, startOutboxWorker } from "@order-outbox/outbox";
import { endProcess } from "@order-outbox/service-kit";
import type { Foundation } from "./foundation.ts";
import type { OutboxTables } from "./tables.ts";

/** The outbox that {@link startPublishing} takes, and who hears of it. */
export interface PublishingOptions {
  outbox: OutboxTables;
  /** With partition counts for creating them. */
  topics: Record<string, number>;
  /** Hears how long the broker took to answer each round, in milliseconds. */
  onRounds(durationsMs: readonly number[]): void;
}

/** Starts the thread that publishes what is in the outbox; the process ends when that one fails. */
export function startPublishing(
  { service, config, kafka, logger }: Foundation,
  { outbox, topics, onRounds }: PublishingOptions,
): OutboxWorker {
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

import type { Clock } from "@order-outbox/errors";
import { type Handlers, type Inbox, startInbox } from "@order-outbox/inbox";
import type { KafkaClient, Log } from "@order-outbox/kafka";
import type { Tracing } from "@order-outbox/telemetry";
import type { Units } from "@order-outbox/units";
import type { Consuming } from "./settings.ts";
import type { InboxTables } from "./tables.ts";

/** What {@link startConsuming} takes. */
export interface ConsumingOptions {
  service: string;
  config: Consuming;
  client: KafkaClient;
  inbox: InboxTables;
  units: Units;
  /** In the order in which they are best read, with partition counts for creating them. */
  topics: Record<string, number>;
  handlers: Handlers;
  tracing: Tracing | undefined;
  logger: Log;
  now: Clock;
}

/** Until a failed event is tried for the second time, about. */
const FIRST_RETRY_MS = 200;

/** Starts the inbox, which works on what comes from its topics. */
export function startConsuming(options: ConsumingOptions): Inbox {
  const { service, config, client, inbox, units, topics, handlers, tracing, logger, now } = options;
  return startInbox({
    client,
    store: inbox.store,
    units,
    retry: {
      attempts: config.RETRY_ATTEMPTS,
      baseMs: FIRST_RETRY_MS,
      capMs: config.RETRY_MAX_MS,
    },
    topics,
    handlers,
    follow: tracing?.followEvents(service),
    log: logger,
    now,
  });
}

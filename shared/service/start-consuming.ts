import type { EventMap } from "@order-outbox/events";
import { type Handlers, type Inbox, startInbox } from "@order-outbox/inbox";
import type { Units } from "@order-outbox/units";
import type { Foundation } from "./foundation.ts";
import type { InboxTables } from "./tables.ts";

/** The inbox that {@link startConsuming} takes, and what it is for. */
export interface ConsumingOptions {
  inbox: InboxTables;
  units: Units;
  /** In the order in which they are best read, with partition counts for creating them. */
  topics: Record<string, number>;
  events: EventMap;
  handlers: Handlers;
}

/** Until a failed event is tried for the second time, about. */
const FIRST_RETRY_MS = 200;

/** Starts the inbox, which works on what comes from its topics. */
export function startConsuming(
  { service, config, client, tracing, logger, now }: Foundation,
  { inbox, units, topics, events, handlers }: ConsumingOptions,
): Inbox {
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
    events,
    handlers,
    follow: tracing?.followEvents(service),
    log: logger,
    now,
  });
}

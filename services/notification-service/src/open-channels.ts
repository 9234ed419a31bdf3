import { dirname, join } from "node:path";
import type { Tracing } from "@order-outbox/telemetry";
import { type Channels, openSimulatedChannels } from "./channels.ts";
import type { NotificationConfig } from "./config.ts";
import { traceChannel } from "./trace-channel.ts";

/** The channels that the settings describe; their messages are traced when anything is. */
export function openChannels(config: NotificationConfig, tracing: Tracing | undefined): Channels {
  const channels = openSimulatedChannels(
    config.CHANNELS_LEDGER_PATH ?? join(dirname(config.DATABASE_PATH), "channels-ledger.db"),
    Date.now,
  );
  if (tracing === undefined) return channels;
  return { ...channels, all: channels.all.map((channel) => traceChannel(channel, tracing)) };
}

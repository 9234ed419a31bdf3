import { dirname, join } from "node:path";
import type { Tracing } from "@order-outbox/telemetry";
import { type Static, type TObject, Type } from "@sinclair/typebox";
import type { Channels } from "./channels.ts";
import { openSimulatedChannels } from "./simulated-channels.ts";
import { traceChannel } from "./trace-channel.ts";

/** The settings of {@link openChannels}, for the schema of a service. */
export const channelSettings = {
  CHANNELS_LEDGER_PATH: Type.Optional(
    Type.String({
      minLength: 1,
      expected: "the path of a file",
      description:
        "The simulated channels' own records; channels-ledger.db beside the database when unset.",
    }),
  ),
};

/** What {@link openChannels} reads of the settings of its service. */
export type ChannelConfig = Static<TObject<typeof channelSettings>> & { DATABASE_PATH: string };

/** The channels that the settings describe; their messages are traced when anything is. */
export function openChannels(config: ChannelConfig, tracing: Tracing | undefined): Channels {
  const channels = openSimulatedChannels(
    config.CHANNELS_LEDGER_PATH ?? join(dirname(config.DATABASE_PATH), "channels-ledger.db"),
    Date.now,
  );
  if (tracing === undefined) return channels;
  return { ...channels, all: channels.all.map((channel) => traceChannel(channel, tracing)) };
}

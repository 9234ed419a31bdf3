/**
 * The world outside of the system, simulated: a payment provider and notification channels, which are
 * not ours and keep ledgers of their own, against which proofs count what really happened. Start with
 * `payment-provider.ts` and `channels.ts` for what the services know of them, then `ledger.ts`.
 *
 * @example
 * const provider = openProvider(config, tracing);
 */
export {
  CHANNEL_NAMES,
  type Channel,
  type ChannelName,
  type Channels,
  type Message,
  type MessageKind,
  messageKey,
} from "./channels.ts";
export { type ChannelConfig, channelSettings, openChannels } from "./open-channels.ts";
export { openProvider, type ProviderConfig, providerSettings } from "./open-provider.ts";
export {
  type ChargeRequest,
  type ChargeResult,
  chargeKey,
  type PaymentProvider,
} from "./payment-provider.ts";
export { openSimulatedChannels } from "./simulated-channels.ts";
export { openSimulatedProvider, type SimulatedProviderOptions } from "./simulated-provider.ts";

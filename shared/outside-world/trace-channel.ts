import type { Tracing } from "@order-outbox/telemetry";
import type { Channel } from "./channels.ts";

/** `channel`, each of whose messages is a span. */
export function traceChannel({ name, send }: Channel, tracing: Tracing): Channel {
  const peer = `${name.toLowerCase()}-channel`;
  return {
    name,
    send: (message) =>
      tracing.call(
        { name: `send ${peer}`, peer, traceparent: message.traceparent },
        (traceparent) => send({ ...message, traceparent }),
      ),
  };
}

import { Timestamp } from "@order-outbox/events";
import { type TSchema, Type } from "@sinclair/typebox";
import { EVENTS, type EventType } from "./events.ts";
import { OrderId } from "./values.ts";

/**
 * The headers of an event of `type` as its writer sends them, all of them text: CloudEvents 1.0 in
 * Kafka's binary mode. `decodeEvent` holds records to the same rules.
 */
export function headersOf(type: EventType): TSchema {
  return Type.Object(
    {
      ce_specversion: Type.Literal("1.0"),
      ce_id: Type.String({
        format: "uuid",
        description: "The event's id, the same on every re-publish: repeats are told by it.",
        examples: ["0198f6a2-0000-7000-8000-00000000e001"],
      }),
      ce_type: Type.Literal(type),
      ce_source: Type.Literal(EVENTS.originOf(type).source ?? ""),
      ce_time: Type.Unsafe<string>({ ...Timestamp, description: "When it happened." }),
      ce_subject: Type.Unsafe<string>({ ...OrderId, description: "The order; the record's key." }),
      ce_sequence: Type.Optional(
        Type.String({
          pattern: "^[0-9]+$",
          description: "The writer's outbox id: first deliveries in a partition rise in it.",
          examples: ["1"],
        }),
      ),
      "content-type": Type.Literal("application/json"),
      traceparent: Type.Optional(
        Type.String({
          pattern: "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$",
          description: "The W3C trace context of the request that led to the event.",
          examples: ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
        }),
      ),
    },
    { additionalProperties: true },
  );
}

import type { Static, TSchema } from "@sinclair/typebox";
import { type TypeCheck, TypeCompiler } from "@sinclair/typebox/compiler";
import type { EventOf } from "./event.ts";
import { malformed } from "./malformed.ts";
import { describeViolations, type Violation } from "./violations.ts";

/** One type of event: where it travels, what it is about, and what it carries. */
export interface EventDefinition<Schema extends TSchema> {
  /** All events of one subject are published to one partition of it, in order. */
  readonly topic: string;
  /** What an event with this data is about, such as an order's id. */
  subject(data: Static<Schema>): string;
  /** Readers ignore fields that it does not name, so that a newer writer may add some. */
  readonly data: Schema;
  /** The service that alone writes it: events from elsewhere are refused. Left out: anybody. */
  readonly writer?: string;
}

/** Where the events of a type come from: nothing else is taken for one of them. */
export interface Origin {
  topic: string;
  /** The `ce_source` of its writer; undefined when anybody may write it. */
  source: string | undefined;
}

/** The event types that writers and readers share; made by {@link defineEvents}. */
export interface EventMap<Schemas extends Record<string, TSchema> = Record<string, TSchema>> {
  readonly definitions: {
    readonly [Type in keyof Schemas]: EventDefinition<Schemas[Type]>;
  };
  readonly types: readonly (keyof Schemas & string)[];
  /** Whether the map has events of `type`. */
  has(type: string): type is keyof Schemas & string;
  /** Every rule that `data` breaks as the data of an event of `type`; empty when it fits. */
  violations(type: keyof Schemas & string, data: unknown): Violation[];
  /** What an event of `type` with `data`, which fits its schema, is about. */
  subjectOf(type: keyof Schemas & string, data: unknown): string;
  originOf(type: keyof Schemas & string): Origin;
  /**
   * Whether an event came from the topic and the source that its type has. Whoever may write to the
   * topic can still claim the source.
   */
  isFromOrigin(event: { type: string; source: string }, topic: string): boolean;
}

/** The types of events of a map. */
export type EventTypeOf<Map> = Map extends EventMap<infer Schemas> ? keyof Schemas & string : never;

/** The data that events of type `T` of a map carry. */
export type EventDataOf<Map, T extends EventTypeOf<Map>> =
  Map extends EventMap<infer Schemas> ? Static<Schemas[T]> : never;

/** An event of type `T` of a map. */
export type DomainEventOf<Map, T extends EventTypeOf<Map>> = EventOf<T, EventDataOf<Map, T>>;

/** One event of any type of a map; a check of `type` narrows `data`. */
export type AnyEventOf<Map> = { [T in EventTypeOf<Map>]: DomainEventOf<Map, T> }[EventTypeOf<Map>];

/**
 * Defines the events that services tell each other, the one source for writers, readers and published
 * contracts. Schemas are compiled once.
 *
 * ```ts
 * const events = defineEvents({
 *   INVOICE_ISSUED: {
 *     topic: "invoices",
 *     subject: (data) => data.invoiceId,
 *     data: Type.Object({ invoiceId: Type.String(), total: Type.Number() }),
 *   },
 * });
 * ```
 */
export function defineEvents<Schemas extends Record<string, TSchema>>(
  definitions: {
    readonly [Type in keyof Schemas]: EventDefinition<Schemas[Type]>;
  },
): EventMap<Schemas> {
  type Type = keyof Schemas & string;
  const types = Object.keys(definitions) as Type[];
  const checks = new Map<string, TypeCheck<TSchema>>(
    types.map((type) => [type, TypeCompiler.Compile(definitions[type].data as TSchema)]),
  );
  const origins = new Map<string, Origin>(
    types.map((type) => {
      const { topic, writer } = definitions[type];
      return [type, { topic, source: writer === undefined ? undefined : `/${writer}` }];
    }),
  );
  return {
    definitions,
    types,
    has: (type): type is Type => checks.has(type),
    violations(type, data) {
      const check = checks.get(type);
      if (check === undefined) return [{ path: "", message: `the event map has no ${type}` }];
      return check.Check(data) ? [] : describeViolations(check.Errors(data));
    },
    subjectOf: (type, data) => definitions[type].subject(data as Static<Schemas[Type]>),
    originOf: (type) => origins.get(type) as Origin,
    isFromOrigin({ type, source }, topic) {
      const origin = origins.get(type);
      if (origin?.topic !== topic) return false;
      return origin.source === undefined || origin.source === source;
    },
  };
}

/**
 * Holds `data` to the schema of `type`. The outbox does so with every event before it is stored.
 *
 * @throws AppError `EVENT_MALFORMED` with every violation in `details.violations`.
 */
export function requireEventData<Map extends EventMap>(
  events: Map,
  type: EventTypeOf<Map>,
  data: unknown,
): void {
  const violations = events.violations(type, data);
  if (violations.length > 0) throw malformed(`the data of ${type}`, violations);
}

import type { EventMap, EventTypeOf } from "@order-outbox/events";
import type { Handlers } from "@order-outbox/inbox";
import type { ServedApp } from "@order-outbox/service-kit";
import type { Static, TObject } from "@sinclair/typebox";
import type { Operations } from "./operations.ts";
import type { Basics, Kept, Outside, Parts } from "./parts.ts";
import type { ServiceConfig } from "./settings.ts";
import type { Tables } from "./tables.ts";

/** What a service is: all that {@link runService} needs to run it. */
export interface ServiceDeclaration<
  Schema extends TObject & { static: ServiceConfig },
  Stores,
  World extends Readonly<Record<string, Outside>>,
  Events extends EventMap,
> {
  /** Also its consumer group, and with a slash before it the source of its events. */
  name: string;
  /** The schema of its settings: `serviceSettings`, and its own. */
  config: Schema;
  /** Every type that services tell each other; see `defineEvents`. Left out, it knows none. */
  events?: Events;
  /** What it stores. */
  tables: Tables<Stores>;
  /** The types of events that it puts into its outbox; left out, it has none. */
  publishes?: readonly EventTypeOf<Events>[];
  /** What it opens beside its database. */
  outside?(basics: Basics<Static<Schema>>): World;
  /**
   * What it does with each type of event that it consumes; left out, it has no inbox. Types whose
   * events others build on come first, so that these seldom come too early and have to wait.
   */
  consumes?(parts: Parts<Static<Schema>, Stores, World>): Handlers<Events>;
  /** What it forgets, beside what is settled in outbox and inbox. */
  forgets?(parts: Parts<Static<Schema>, Stores, World>): readonly Kept[];
  /** Its routes; left out, it serves what every service does: health, metrics, admin. */
  app?(parts: Parts<Static<Schema>, Stores, World> & { operations: Operations }): ServedApp;
}

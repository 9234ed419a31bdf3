import { defineEvents, type EventMap } from "@order-outbox/events";
import {
  adminTokenOf,
  exitOnConfigError,
  runServer,
  watchStorage,
} from "@order-outbox/service-kit";
import type { TObject } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { ServiceDeclaration } from "./declaration.ts";
import { layFoundation } from "./foundation.ts";
import { healthOf } from "./health-of.ts";
import { measure } from "./measure.ts";
import { adminOf, operationRoutes } from "./operations.ts";
import type { Outside } from "./parts.ts";
import type { Running } from "./running.ts";
import type { ServiceConfig } from "./settings.ts";
import { shutdownSteps } from "./shutdown-steps.ts";
import { startConsuming } from "./start-consuming.ts";
import { startPruning } from "./start-pruning.ts";
import { startPublishing } from "./start-publishing.ts";
import { topicsOf } from "./topics.ts";

const NO_EVENTS: EventMap = defineEvents({});

/**
 * Runs a service until its process is told to end: reads its settings, opens its database, starts
 * what publishes, consumes and forgets, serves its routes, and ends all of it in order. What cannot
 * start ends the process with a message, with 78 when trying again cannot help.
 *
 * @example
 * await runService({
 *   name: "payment-service",
 *   config: configSchema,
 *   tables: sqliteTables({ migrations, own: paymentTables }),
 *   events: EVENTS,
 *   publishes: ["PAYMENT_SUCCEEDED", "PAYMENT_FAILED"],
 *   consumes: ({ stores, logger, now }) => ({ ORDER_CREATED: processPayment({ stores, logger, now }) }),
 *   app: createApp,
 * });
 */
export async function runService<
  Schema extends TObject & { static: ServiceConfig },
  Stores,
  World extends Readonly<Record<string, Outside>>,
  Events extends EventMap,
>(declaration: ServiceDeclaration<Schema, Stores, World, Events>): Promise<void> {
  const { events = NO_EVENTS, publishes = [] } = declaration;
  const foundation = await layFoundation(declaration.name, declaration.config);
  const { service, config, logger, tracing, now, ageing } = foundation;

  const database = await exitOnConfigError(() =>
    declaration.tables.open({
      service,
      database: config.DATABASE_PATH,
      publishes: publishes.length > 0,
      consumes: declaration.consumes !== undefined,
      now,
      limit: config.COMMIT_QUEUE_LIMIT,
      tracing,
      // No commit comes before the end of this turn, when all that hears of it is there.
      onCommit(units, durationMs) {
        worker?.wake();
        metrics.noteCommit(units, durationMs);
        tracing?.noteCommit(units, durationMs);
      },
    }),
  );
  const basics = { config: foundation.own, logger, now, ageing, tracing };
  const outside = exitOnConfigError(() => declaration.outside?.(basics) ?? ({} as World));
  const parts = { ...basics, stores: database.stores, units: database.units, outside };

  const worker =
    database.outbox &&
    startPublishing(foundation, {
      outbox: database.outbox,
      topics: topicsOf(events, publishes),
      onRounds: (durationsMs) => metrics.noteRounds(durationsMs),
    });
  const world = Object.values(outside);
  const storage = watchStorage({
    databasePath: config.DATABASE_PATH,
    files: {
      database: database.trouble,
      ...Object.fromEntries(world.map(({ file, trouble }) => [file, trouble])),
    },
    logger,
  });
  const handlers = declaration.consumes?.(parts) ?? {};
  const consumed = topicsOf(events, Object.keys(handlers));
  const inbox =
    database.inbox &&
    startConsuming(foundation, {
      inbox: database.inbox,
      units: database.units,
      topics: consumed,
      events,
      handlers,
    });
  const pruning = startPruning(foundation, {
    inbox: database.inbox,
    topics: Object.keys(consumed),
    outbox: database.outbox,
    kept: declaration.forgets?.(parts) ?? [],
  });
  const running: Running = { database, outside: world, storage, pruning, inbox, worker };
  const metrics = measure(running, {
    service,
    databasePath: config.DATABASE_PATH,
    droppedLogLines: logger.dropped,
  });

  runServer({
    config,
    logger,
    metrics,
    tracing,
    app(readiness) {
      const health = healthOf(running, { service, readiness, now });
      const admin = adminOf(running, { token: adminTokenOf(config), logger });
      const operations = { logger, health, metrics, admin };
      return (
        declaration.app?.({ ...parts, operations }) ?? new Elysia().use(operationRoutes(operations))
      );
    },
    steps: shutdownSteps(running),
  });
}

import { ageingClock } from "@order-outbox/errors";
import { createKafkaClient } from "@order-outbox/kafka";
import {
  adminTokenOf,
  createLogger,
  exitOnConfigError,
  kafkaConnectionOf,
  loadConfig,
  runServer,
  watchStorage,
} from "@order-outbox/service-kit";
import { startTracing } from "@order-outbox/telemetry";
import type { Static, TObject } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { ServiceDeclaration } from "./declaration.ts";
import { healthOf } from "./health-of.ts";
import { measure } from "./measure.ts";
import { adminOf, operationRoutes } from "./operations.ts";
import type { EventMap, Outside } from "./parts.ts";
import type { Running } from "./running.ts";
import { Consuming, Publishing, type ServiceConfig } from "./settings.ts";
import { shutdownSteps } from "./shutdown-steps.ts";
import { startConsuming } from "./start-consuming.ts";
import { startPruning } from "./start-pruning.ts";
import { startPublishing } from "./start-publishing.ts";
import { topicsOf } from "./topics.ts";

/**
 * Runs a service until its process is told to end: reads its settings, opens its database, starts
 * what publishes, consumes and forgets, serves its routes, and ends all of it in order. What cannot
 * start ends the process with a message, with 78 when trying again cannot help.
 */
export async function runService<
  Schema extends TObject & { static: ServiceConfig },
  Stores,
  World extends Readonly<Record<string, Outside>>,
  Events extends EventMap,
>(declaration: ServiceDeclaration<Schema, Stores, World, Events>): Promise<void> {
  const { name: service, events, publishes = [] } = declaration;
  const own: Static<Schema> = exitOnConfigError(() =>
    loadConfig(declaration.config, process.env, { service }),
  );
  const config = { ...defaultsOf(Consuming), ...defaultsOf(Publishing), ...own };
  const logger = createLogger({ service, level: config.LOG_LEVEL, format: config.LOG_FORMAT });
  const kafka = kafkaConnectionOf(config);
  const client = exitOnConfigError(() =>
    createKafkaClient({ ...kafka, clientId: service, log: logger }),
  );
  const tracing = await startTracing({ service, env: process.env, log: logger });
  const now = Date.now;
  const ageing = ageingClock();

  const database = await exitOnConfigError(() =>
    declaration.tables.open({
      service,
      database: config.DATABASE_PATH,
      publishes: publishes.length > 0,
      consumes: declaration.consumes !== undefined,
      now,
      limit: config.COMMIT_QUEUE_LIMIT,
      tracing,
      onCommit(units, durationMs) {
        worker?.wake();
        metrics.noteCommit(units, durationMs);
        tracing?.noteCommit(units, durationMs);
      },
    }),
  );
  const basics = { config: own, logger, now, ageing, tracing };
  const outside = exitOnConfigError(() => declaration.outside?.(basics) ?? ({} as World));
  const { stores, units } = database;
  const parts = { ...basics, stores, units, outside };

  const worker =
    database.outbox &&
    startPublishing({
      service,
      config,
      kafka,
      outbox: database.outbox,
      topics: topicsOf(events, publishes),
      logger,
      onRounds: (durationsMs) => metrics.noteRounds(durationsMs),
    });
  const files = Object.values(outside).map(({ file, trouble }) => [file, trouble]);
  const storage = watchStorage({
    databasePath: config.DATABASE_PATH,
    files: { database: database.trouble, ...Object.fromEntries(files) },
    logger,
  });
  const handlers = declaration.consumes?.(parts) ?? {};
  const consumed = topicsOf(events, Object.keys(handlers));
  const inbox =
    database.inbox &&
    startConsuming({
      service,
      config,
      client,
      inbox: database.inbox,
      units,
      topics: consumed,
      handlers,
      tracing,
      logger,
      now,
    });
  const pruning = startPruning({
    config,
    client,
    inbox: database.inbox,
    topics: Object.keys(consumed),
    outbox: database.outbox,
    kept: declaration.forgets?.(parts) ?? [],
    log: logger,
    now: ageing,
  });
  const world = Object.values(outside);
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

/** What a schema of settings gives when nothing is set. */
const defaultsOf = <Schema extends TObject>(schema: Schema): Static<Schema> =>
  loadConfig(schema, {}, { service: "" });

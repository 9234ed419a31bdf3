import {
  type AdminOptions,
  adminRoutes,
  type HealthOptions,
  health,
  type Logger,
  type Metrics,
  metricsRoute,
  problemJson,
} from "@order-outbox/service-kit";
import { Elysia } from "elysia";
import type { Running } from "./running.ts";

/** What an app has for those who run it: spread it into the dependencies of `createApp`. */
export interface Operations {
  logger: Logger;
  health: HealthOptions;
  metrics: Metrics;
  /** Undefined unless there is a token. */
  admin: AdminOptions | undefined;
}

/** What operators can do with a running service. */
export function adminOf(
  { database: { inbox, outbox }, worker }: Running,
  { token, logger }: { token: (() => string) | undefined; logger: Logger },
): AdminOptions | undefined {
  if (token === undefined) return undefined;
  return {
    token,
    logger,
    ...(inbox && { held: inbox.desk }),
    ...(outbox && worker && { outbox: outbox.desk(worker.wake) }),
  };
}

/** The app of a service that has no routes of its own. */
export function createBareApp({ logger, health: options, metrics, admin }: Operations) {
  return new Elysia()
    .use(problemJson({ logger }))
    .use(health(options))
    .use(metricsRoute(metrics))
    .use(admin === undefined ? new Elysia() : adminRoutes(admin));
}

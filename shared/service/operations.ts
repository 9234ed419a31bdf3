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
import type { AnyElysia } from "elysia";
import type { Running } from "./running.ts";

/** What an app has for those who run it; see {@link operationRoutes}. */
export interface Operations {
  logger: Logger;
  health: HealthOptions;
  /** Without it there is no /metrics. */
  metrics?: Metrics | undefined;
  /** Without it there are no admin routes. */
  admin?: AdminOptions | undefined;
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

/**
 * The routes of every service: `/health`, `/ready`, `/metrics`, and `/admin` where there is a token.
 * Errors are answered as problem+json. Use it first: `new Elysia().use(operationRoutes(operations))`.
 *
 * A function and not an Elysia instance, because answers to errors need the routes of the app itself.
 */
export function operationRoutes({ logger, health: options, metrics, admin }: Operations) {
  return function operationRoutes<App extends AnyElysia>(app: App): App {
    app.use(problemJson({ logger })).use(health(options));
    if (metrics !== undefined) app.use(metricsRoute(metrics));
    if (admin !== undefined) app.use(adminRoutes(admin));
    return app;
  };
}

/**
 * A service as one declaration: `runService` reads its settings, opens its database, starts outbox,
 * inbox and pruning, serves its routes, and ends it all in order. Start with `declaration.ts` for what
 * a service can be, then `run-service.ts`; `tables.ts` is what it asks of a database.
 *
 * @example
 * await runService({ name, config, events, tables, publishes: ["INVOICE_ISSUED"], app });
 */
export type { ServiceDeclaration } from "./declaration.ts";
export { type Operations, operationRoutes } from "./operations.ts";
export type { Basics, Kept, Outside, Parts } from "./parts.ts";
export { runService } from "./run-service.ts";
export {
  consumingSettings,
  publishingSettings,
  type ServiceConfig,
  serviceSettings,
} from "./settings.ts";
export {
  type OpenSqliteOptions,
  type SqliteDatabase,
  type SqliteTables,
  type SqliteTablesOptions,
  sqliteTables,
} from "./sqlite/sqlite-tables.ts";
export type {
  InboxTables,
  OpenTablesOptions,
  OutboxTables,
  ServiceDatabase,
  Tables,
} from "./tables.ts";

import { TOPICS } from "@order-outbox/contracts";
import { UserError } from "./command.ts";

/** A service as an operator sees it. */
export interface Service {
  readonly name: ServiceName;
  /** In the folder of the databases. */
  readonly database: `${string}.db`;
  /** Whether it publishes. */
  readonly hasOutbox: boolean;
  readonly consumes: readonly string[];
}

export type ServiceName = "order-service" | "payment-service" | "notification-service";

export const SERVICES: readonly Service[] = [
  {
    name: "order-service",
    database: "orders.db",
    hasOutbox: true,
    consumes: [TOPICS.paymentProcessed],
  },
  {
    name: "payment-service",
    database: "payments.db",
    hasOutbox: true,
    consumes: [TOPICS.orderCreated],
  },
  {
    name: "notification-service",
    database: "notifications.db",
    hasOutbox: false,
    consumes: [TOPICS.orderCreated, TOPICS.paymentProcessed],
  },
];

/** The service of this name; `order` is short for `order-service`. */
export function parseService(name: string): Service {
  const service = SERVICES.find((one) => one.name === name || one.name === `${name}-service`);
  if (service !== undefined) return service;
  const names = SERVICES.map((one) => one.name).join(", ");
  throw new UserError(`there is no service "${name}"; there are ${names}`);
}

/** The one service that a command must be given. */
export function requireService(name: string | undefined): Service {
  if (name === undefined) throw new UserError("say which service with --service NAME");
  return parseService(name);
}

/** The named service, or all of them. */
export function chooseServices(name: string | undefined): readonly Service[] {
  return name === undefined ? SERVICES : [parseService(name)];
}

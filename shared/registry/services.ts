import { TOPICS } from "@order-outbox/contracts";
import type { ServiceEntry } from "./service-entry.ts";

const ENTRIES = [
  {
    name: "order-service",
    folder: "services/order-service",
    port: 3001,
    portVariable: "ORDER_PORT",
    page: "/api/orders",
    database: "orders.db",
    tables: ["orders"],
    publishes: [TOPICS.orderCreated],
    consumes: [TOPICS.paymentProcessed],
  },
  {
    name: "payment-service",
    folder: "services/payment-service",
    port: 3002,
    portVariable: "PAYMENT_PORT",
    page: "/api/payments",
    database: "payments.db",
    tables: ["payments"],
    publishes: [TOPICS.paymentProcessed],
    consumes: [TOPICS.orderCreated],
  },
  {
    name: "notification-service",
    folder: "services/notification-service",
    port: 3003,
    portVariable: "NOTIFICATION_PORT",
    page: "/api/notifications",
    database: "notifications.db",
    tables: ["notifications"],
    publishes: [],
    consumes: [TOPICS.orderCreated, TOPICS.paymentProcessed],
  },
] as const satisfies readonly ServiceEntry[];

/** The name of one of {@link SERVICES}. */
export type ServiceName = (typeof ENTRIES)[number]["name"];

/** One of {@link SERVICES}. */
export type Service = ServiceEntry & { readonly name: ServiceName };

/**
 * Every service there is, in the order in which they are stopped: first what takes orders. Whatever
 * starts, shows, reconciles, copies or breaks the services reads this list; another service is
 * another entry.
 */
export const SERVICES: readonly Service[] = ENTRIES;

/** The entry of a service that there is. */
export function serviceNamed(name: ServiceName): Service {
  const entry = SERVICES.find((one) => one.name === name);
  if (entry === undefined) throw new Error(`there is no service ${name}`);
  return entry;
}

import { join, resolve } from "node:path";
import type { DevSettings, PortVariable } from "./settings.ts";

/** A process of the development environment. */
export interface ChildPlan {
  name: string;
  command: string[];
  env: Record<string, string>;
  /** Answers 200 when the process does its work; the broker has none. */
  healthUrl?: string;
  /** Where people look at it. */
  url: string;
}

const SERVICES: { name: string; port: PortVariable; holds: string }[] = [
  { name: "order-service", port: "ORDER_PORT", holds: "orders" },
  { name: "payment-service", port: "PAYMENT_PORT", holds: "payments" },
  { name: "notification-service", port: "NOTIFICATION_PORT", holds: "notifications" },
];

/** How {@link planChildren} runs programs. */
export interface PlanOptions {
  /** The repository's root. */
  root: string;
  /** Bun's own executable. */
  bun: string;
  /** Restart a service when one of its files changes. */
  watch: boolean;
  /** Topics and their partitions. */
  topics: Readonly<Record<string, number>>;
}

/**
 * The processes to run, in the order in which they are to be stopped: order-service first, so that
 * nothing new comes in, and the broker last.
 */
export function planChildren(settings: DevSettings, options: PlanOptions): ChildPlan[] {
  const { ports, kafkaHost, host } = settings;
  const { root, bun, watch, topics } = options;
  const dataDir = resolve(root, settings.dataDir);
  const brokers = kafkaHost ?? `127.0.0.1:${ports.BROKER_PORT}`;
  const reachable = host === undefined || ["0.0.0.0", "::"].includes(host) ? "localhost" : host;
  const services = SERVICES.map(({ name, port, holds }): ChildPlan => {
    const url = `http://${reachable}:${ports[port]}`;
    return {
      name,
      command: [
        bun,
        ...(watch ? ["--watch", "--no-clear-screen"] : []),
        join(root, "services", name, "src/main.ts"),
      ],
      env: {
        PORT: String(ports[port]),
        KAFKA_HOST: brokers,
        DATABASE_PATH: join(dataDir, `${holds}.db`),
      },
      healthUrl: `${url.replace("//localhost", "//127.0.0.1")}/health`,
      url: `${url}/api/${holds}`,
    };
  });
  if (kafkaHost !== undefined) return services;
  const broker: ChildPlan = {
    name: "broker",
    command: [
      bun,
      join(root, "scripts/broker.ts"),
      "--port",
      String(ports.BROKER_PORT),
      "--data",
      join(dataDir, "broker"),
      ...Object.entries(topics).flatMap(([topic, count]) => ["--topic", `${topic}:${count}`]),
    ],
    env: {},
    url: brokers,
  };
  return [...services, broker];
}

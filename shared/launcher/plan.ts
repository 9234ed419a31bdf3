import { join, resolve } from "node:path";
import { SERVICES } from "@order-outbox/registry";
import type { DevSettings } from "./settings.ts";

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
  const brokers = brokersOf(settings);
  const reachable = reachableName(host);
  const services = SERVICES.map(({ name, folder, portVariable, page, database }): ChildPlan => {
    const url = `http://${reachable}:${ports[portVariable]}`;
    return {
      name,
      command: [
        bun,
        ...(watch ? ["--watch", "--no-clear-screen"] : []),
        join(root, folder, "src/main.ts"),
      ],
      env: {
        PORT: String(ports[portVariable]),
        KAFKA_HOST: brokers,
        DATABASE_PATH: join(dataDir, database),
      },
      healthUrl: `${url.replace("//localhost", "//127.0.0.1")}/health`,
      url: `${url}${page}`,
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

/** How this machine reaches what listens on `host`, as it stands in a URL. */
function reachableName(host: string | undefined): string {
  if (host === undefined || ["0.0.0.0", "::"].includes(host)) return "localhost";
  return host.includes(":") ? `[${host}]` : host;
}

/** Where the services find the broker, for KAFKA_HOST. */
export const brokersOf = ({ kafkaHost, ports }: DevSettings): string =>
  kafkaHost ?? `127.0.0.1:${ports.BROKER_PORT}`;

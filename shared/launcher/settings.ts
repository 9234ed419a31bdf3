import { SERVICES } from "@order-outbox/registry";

/** What the development environment is started with. */
export interface DevSettings {
  ports: Readonly<Record<PortVariable, number>>;
  /** `undefined` starts the embedded broker. */
  kafkaHost: string | undefined;
  dataDir: string;
  /** The host that the services listen on, if one was chosen. */
  host: string | undefined;
}

/** The variables that choose a port: one of each service, and the broker's. */
export type PortVariable = `${string}_PORT`;

export const DEFAULT_PORTS: Readonly<Record<PortVariable, number>> = {
  ...Object.fromEntries(SERVICES.map(({ portVariable, port }) => [portVariable, port])),
  BROKER_PORT: 9092,
};

/** Every {@link PortVariable}. */
export const portVariables = Object.keys(DEFAULT_PORTS) as PortVariable[];

/** The settings in `env`, or the list of everything that is wrong with them. */
export function readSettings(env: Record<string, string | undefined>): DevSettings | string[] {
  const problems: string[] = [];
  const ports: Record<PortVariable, number> = { ...DEFAULT_PORTS };
  for (const variable of portVariables) {
    const text = env[variable];
    if (text === undefined) continue;
    const port = /^\d+$/.test(text) ? Number(text) : 0;
    if (port >= 1 && port <= 65_535) ports[variable] = port;
    else problems.push(`${variable} must be a port from 1 to 65535; it is ${JSON.stringify(text)}`);
  }
  if (env.KAFKA_HOST === "") problems.push("KAFKA_HOST must be host:port or unset; it is empty");
  if (env.DATA_DIR === "") problems.push("DATA_DIR must be the path of a folder; it is empty");
  for (const [i, variable] of portVariables.entries()) {
    const same = portVariables.slice(0, i).find((other) => ports[other] === ports[variable]);
    if (same) problems.push(`${same} and ${variable} are both ${ports[variable]}`);
  }
  if (problems.length > 0) return problems;
  return { ports, kafkaHost: env.KAFKA_HOST, dataDir: env.DATA_DIR ?? ".data", host: env.HOST };
}

/** What the development environment is started with. */
export interface DevSettings {
  ports: Record<PortVariable, number>;
  /** `undefined` starts the embedded broker. */
  kafkaHost: string | undefined;
  dataDir: string;
  /** The host that the services listen on, if one was chosen. */
  host: string | undefined;
}

/** The variables that choose a port. */
export type PortVariable = "ORDER_PORT" | "PAYMENT_PORT" | "NOTIFICATION_PORT" | "BROKER_PORT";

const DEFAULT_PORTS: Record<PortVariable, number> = {
  ORDER_PORT: 3001,
  PAYMENT_PORT: 3002,
  NOTIFICATION_PORT: 3003,
  BROKER_PORT: 9092,
};

/** The settings in `env`, or the list of everything that is wrong with them. */
export function readSettings(env: Record<string, string | undefined>): DevSettings | string[] {
  const problems: string[] = [];
  const ports = { ...DEFAULT_PORTS };
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

/** Every {@link PortVariable}. */
export const portVariables = Object.keys(DEFAULT_PORTS) as PortVariable[];

import { findRunning } from "./running.ts";
import { UserError } from "./user-error.ts";

const HOST_AND_PORT = /^(?:\[[\da-fA-F:.%\w]+\]|[^\s,:/[\]]+):(\d{1,5})$/;
const NEAREST = "localhost:9092";

/**
 * Where the broker is: as the option says, or the environment as for the services, or where the
 * system that runs on these databases has it.
 *
 * @throws UserError when what was named is no address
 */
export function chooseBrokers(
  option: string | undefined,
  env: Record<string, string | undefined>,
  dataDir: string,
): string[] {
  if (option !== undefined) return parse("--broker", option);
  if (env.KAFKA_HOST) return parse("KAFKA_HOST", env.KAFKA_HOST);
  if (env.BROKER_PORT) return parse("BROKER_PORT", `127.0.0.1:${env.BROKER_PORT}`);
  return parse("the broker", findRunning(dataDir)?.brokers ?? NEAREST);
}

function parse(source: string, list: string): string[] {
  const hosts = list.split(",").map((host) => host.trim());
  const wrong = hosts.find((host) => !isAddress(host));
  if (wrong === undefined) return hosts;
  throw new UserError(`${source}: "${wrong}" is not of the form HOST:PORT`);
}

function isAddress(host: string): boolean {
  const port = Number(HOST_AND_PORT.exec(host)?.[1]);
  return port >= 1 && port <= 65_535;
}

import { Database } from "bun:sqlite";
import { SERVICES, type ServiceName, serviceNamed } from "@order-outbox/registry";
import { type ServiceProcess, serviceProcess } from "@order-outbox/system";
import { freePort } from "@order-outbox/testing";

/** Settings of every measured service; the report says them. */
export const SERVICE_ENV: Readonly<Record<string, string>> = {
  LOG_LEVEL: "warn",
  PAYMENT_LATENCY_MS: "0",
};

/** Every service, by name. */
export const SERVICE_NAMES: readonly ServiceName[] = SERVICES.map(({ name }) => name);

/** A service that ends as it is told to when it is disposed of, so that its group is free at once. */
export interface RunningService extends AsyncDisposable {
  readonly name: ServiceName;
  readonly pid: number;
  readonly port: number;
  readonly databasePath: string;
}

/** Where a service finds its things. */
export interface ServicePlace {
  folder: string;
  kafkaHost: string;
  env?: Record<string, string>;
  /** The checkout whose services they are; this one when left out. */
  root?: string;
}

/** Starts a service and waits until it is healthy. */
export async function startService(
  name: ServiceName,
  { folder, kafkaHost, env = {}, root }: ServicePlace,
): Promise<RunningService> {
  const service: ServiceProcess = serviceProcess(name, {
    port: await freePort(),
    databasePath: `${folder}/${serviceNamed(name).database}`,
    kafkaHost,
    env: { ...SERVICE_ENV, ...env },
    ...(root === undefined ? {} : { root }),
  });
  try {
    await service.start();
  } catch (error) {
    await service[Symbol.asyncDispose]();
    throw error;
  }
  return {
    name,
    pid: service.process.pid,
    port: service.port,
    databasePath: service.databasePath,
    async [Symbol.asyncDispose]() {
      await Promise.race([service.stop(), Bun.sleep(12_000)]);
      await service[Symbol.asyncDispose]();
    },
  };
}

/** The services at work. */
export interface RunningSystem extends AsyncDisposable {
  readonly order: RunningService;
  readonly payment: RunningService;
  readonly notification: RunningService;
  readonly all: readonly RunningService[];
}

/** Starts the services at once; `envOf` adds to the environment of each. */
export async function startServices(
  place: ServicePlace,
  envOf: (name: ServiceName) => Record<string, string> = () => ({}),
): Promise<RunningSystem> {
  const start = (name: ServiceName) =>
    startService(name, { ...place, env: { ...place.env, ...envOf(name) } });
  const starting = SERVICE_NAMES.map(start);
  const stopAll = async () => {
    const settled = await Promise.allSettled(starting);
    await Promise.all(
      settled.map((one) =>
        one.status === "fulfilled" ? one.value[Symbol.asyncDispose]() : undefined,
      ),
    );
  };
  try {
    const all = await Promise.all(starting);
    const of = (name: ServiceName) => all[SERVICE_NAMES.indexOf(name)] as RunningService;
    return {
      order: of("order-service"),
      payment: of("payment-service"),
      notification: of("notification-service"),
      all,
      [Symbol.asyncDispose]: stopAll,
    };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

/** One number from a database that a service has open. */
export function lookUp(path: string, sql: string): number {
  using db = new Database(path, { readonly: true });
  db.run("PRAGMA busy_timeout = 5000");
  const row = db.query<Record<string, number | null>, []>(sql).get() ?? {};
  return Object.values(row)[0] ?? 0;
}

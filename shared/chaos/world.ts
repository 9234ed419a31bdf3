import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { SERVICES, type Service, type ServiceName } from "@order-outbox/registry";
import {
  type FaultProxy,
  type KillableBroker,
  killableBroker,
  startFaultProxy,
} from "@order-outbox/testing";
import { cleanUpWith } from "@order-outbox/tool-kit";
import { type Disk, openDisk } from "./disk.ts";
import { describeService, type SupervisedService } from "./service.ts";

/** The whole system as processes, with a proxy between services and broker. */
export interface World extends AsyncDisposable {
  readonly kafkaHost: string;
  readonly broker: KillableBroker;
  readonly proxy: FaultProxy;
  readonly services: Readonly<Record<ServiceName, SupervisedService>>;
  readonly disks: Readonly<Record<ServiceName, Disk>>;
}

/**
 * Starts everything in `folder`; `script` starts a real broker, "" means the embedded one. The
 * ledgers of provider and channels stand for the outside world and lie on the machine's own disk.
 */
export async function startWorld(folder: string, script: string): Promise<World> {
  await using started = new AsyncDisposableStack();
  mkdirSync(join(folder, "logs"), { recursive: true });
  const proxy = started.use(await startFaultProxy());
  const broker = await killableBroker(folder, { advertise: proxy.address, script });
  if (script) started.use(cleanUpWith([script, "wipe", String(broker.port)]));
  else started.use(broker);
  proxy.forwardTo({ port: broker.port });
  await broker.start();

  const open = async ({ name, database }: Service) => {
    const disk = started.use(await openDisk(join(folder, "disks", name)));
    const service = started.use(
      await describeService(name, {
        databasePath: join(disk.folder, database),
        kafkaHost: proxy.address,
        logPath: join(folder, "logs", `${name}.log`),
        env: {
          PAYMENT_LEDGER_PATH: join(folder, "provider-ledger.db"),
          CHANNELS_LEDGER_PATH: join(folder, "channels-ledger.db"),
        },
      }),
    );
    return { name, disk, service };
  };
  const opened: Awaited<ReturnType<typeof open>>[] = [];
  for (const service of SERVICES) opened.push(await open(service));
  for (const { service } of opened) service.start();
  await Promise.all(opened.map(({ service }) => service.healthy()));

  const resources = started.move();
  return {
    kafkaHost: proxy.address,
    broker,
    proxy,
    services: byName(opened.map(({ name, service }) => [name, service])),
    disks: byName(opened.map(({ name, disk }) => [name, disk])),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

const byName = <Value>(entries: [ServiceName, Value][]) =>
  Object.fromEntries(entries) as Record<ServiceName, Value>;

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  type FaultProxy,
  type KillableBroker,
  killableBroker,
  type ServiceName,
  startFaultProxy,
} from "@order-outbox/testing";
import { cleanUpWith } from "./cleanup.ts";
import { type Disk, openDisk } from "./disk.ts";
import { SERVICES } from "./faults.ts";
import { describeService, type SupervisedService } from "./service.ts";

/** The whole system as processes, with a proxy between services and broker. */
export interface World extends AsyncDisposable {
  readonly kafkaHost: string;
  readonly broker: KillableBroker;
  readonly proxy: FaultProxy;
  readonly services: Readonly<Record<ServiceName, SupervisedService>>;
  readonly disks: Readonly<Record<ServiceName, Disk>>;
}

const DATABASES: Readonly<Record<ServiceName, string>> = {
  "order-service": "orders.db",
  "payment-service": "payments.db",
  "notification-service": "notifications.db",
};

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

  const open = async (name: ServiceName) => {
    const disk = started.use(await openDisk(join(folder, "disks", name)));
    const service = started.use(
      await describeService(name, {
        databasePath: join(disk.folder, DATABASES[name]),
        kafkaHost: proxy.address,
        logPath: join(folder, "logs", `${name}.log`),
        env: {
          PAYMENT_LEDGER_PATH: join(folder, "provider-ledger.db"),
          CHANNELS_LEDGER_PATH: join(folder, "channels-ledger.db"),
        },
      }),
    );
    return { disk, service };
  };
  const order = await open("order-service");
  const payment = await open("payment-service");
  const notification = await open("notification-service");
  const services = {
    "order-service": order.service,
    "payment-service": payment.service,
    "notification-service": notification.service,
  };
  for (const name of SERVICES) services[name].start();
  await Promise.all(SERVICES.map((name) => services[name].healthy()));

  const resources = started.move();
  return {
    kafkaHost: proxy.address,
    broker,
    proxy,
    services,
    disks: {
      "order-service": order.disk,
      "payment-service": payment.disk,
      "notification-service": notification.disk,
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

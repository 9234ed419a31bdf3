import { type ServiceName, serviceNamed } from "@order-outbox/registry";
import {
  freePort,
  readTopic,
  startBroker,
  type TestBroker,
  type TopicRecord,
  tempDir,
} from "@order-outbox/testing";
import { type SystemClient, systemClient } from "./client.ts";
import { type ServiceProcess, serviceProcess } from "./service-process.ts";
import { resetServiceTopics, SERVICE_TOPICS } from "./service-topics.ts";

/** What {@link startSystem} starts with. */
export interface SystemOptions {
  /** Where the databases are; a temporary folder, removed afterwards, when it is left out. */
  dataDir?: string;
  /** The `KAFKA_HOST` of a broker of yours; {@link startBroker} with empty topics otherwise. */
  kafkaHost?: string;
  /** For all services. */
  env?: Record<string, string>;
  /** For one service each, on top of `env`. */
  serviceEnv?: Partial<Record<ServiceName, Record<string, string>>>;
  /** Files for the standard output and standard error of services. */
  outputs?: Partial<Record<ServiceName, number>>;
}

/** The three services as processes, and a broker; disposal ends and removes all of it. */
export interface System extends AsyncDisposable, SystemClient {
  readonly kafkaHost: string;
  /** The broker that was started for it; `undefined` when `kafkaHost` was given. */
  readonly broker: TestBroker | undefined;
  readonly dataDir: string;
  readonly order: ServiceProcess;
  readonly payment: ServiceProcess;
  readonly notification: ServiceProcess;
  readTopic(topic: string): Promise<TopicRecord[]>;
}

/** Starts the whole system and waits until every `/health` answers 200. */
export async function startSystem(options: SystemOptions = {}): Promise<System> {
  await using started = new AsyncDisposableStack();
  const dataDir = options.dataDir ?? started.use(tempDir()).path;
  const broker = options.kafkaHost
    ? undefined
    : started.use(await startBroker({ topics: SERVICE_TOPICS }));
  const kafkaHost = options.kafkaHost ?? broker?.kafkaHost ?? "";
  if (broker && !broker.embedded) await resetServiceTopics(kafkaHost);

  const describe = async (name: ServiceName) =>
    started.use(
      serviceProcess(name, {
        port: await freePort(),
        databasePath: `${dataDir}/${serviceNamed(name).database}`,
        kafkaHost,
        env: { ...options.env, ...options.serviceEnv?.[name] },
        output: options.outputs?.[name],
      }),
    );
  const order = await describe("order-service");
  const payment = await describe("payment-service");
  const notification = await describe("notification-service");
  await Promise.all([order.start(), payment.start(), notification.start()]);

  const resources = started.move();
  return {
    kafkaHost,
    broker,
    dataDir,
    order,
    payment,
    notification,
    readTopic: (topic) => readTopic(kafkaHost, topic),
    ...systemClient({ order: order.url, payment: payment.url, notification: notification.url }),
    async [Symbol.asyncDispose]() {
      // An outside broker would take killed members for alive until their sessions end.
      if (!broker?.embedded) {
        await Promise.allSettled([order, payment, notification].map((service) => service.stop()));
      }
      await resources.disposeAsync();
    },
  };
}

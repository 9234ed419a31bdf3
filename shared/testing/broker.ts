import { join } from "node:path";
import { type DevBroker, type DevBrokerOptions, startDevBroker } from "@order-outbox/dev-broker";
import { startProcess, type TestProcess } from "./process.ts";
import { REPOSITORY } from "./repository.ts";

/** A broker that a test may use. */
export interface TestBroker extends AsyncDisposable {
  /** For `KAFKA_HOST`. */
  readonly kafkaHost: string;
  /** The embedded broker with its fault hooks; `undefined` when an outside one is used. */
  readonly embedded: DevBroker | undefined;
}

/** A broker in a process of its own, to be killed. */
export interface BrokerProcess extends AsyncDisposable {
  readonly kafkaHost: string;
  readonly process: TestProcess;
}

/**
 * The broker at `KAFKA_HOST` when that is set, so that the same tests run against any cluster; an
 * embedded one with `options` otherwise. An outside broker keeps what others left there:
 * use `uniqueName` for topics and groups.
 */
export async function startBroker(options: DevBrokerOptions = {}): Promise<TestBroker> {
  const outside = process.env.KAFKA_HOST;
  if (outside) {
    return { kafkaHost: outside, embedded: undefined, async [Symbol.asyncDispose]() {} };
  }
  const embedded = await startDevBroker(options);
  return {
    kafkaHost: embedded.address,
    embedded,
    [Symbol.asyncDispose]: () => embedded.close(),
  };
}

/**
 * Starts `scripts/broker.ts` with its data in `data`; give the same port to start it again.
 * `advertise` is the `HOST:PORT` that clients are told to use, when it is not where it listens.
 */
export async function startBrokerProcess({
  data,
  port = 0,
  advertise,
  topics = {},
  env,
}: {
  data: string;
  port?: number;
  advertise?: string | undefined;
  /** Created when they are missing, with so many partitions each. */
  topics?: Readonly<Record<string, number>> | undefined;
  env?: Record<string, string>;
}): Promise<BrokerProcess> {
  const wanted = Object.entries(topics).flatMap(([topic, partitions]) => [
    "--topic",
    `${topic}:${partitions}`,
  ]);
  const child = startProcess(
    [
      process.execPath,
      join(REPOSITORY, "scripts/broker.ts"),
      "--port",
      String(port),
      "--data",
      data,
      ...(advertise === undefined ? [] : ["--advertise", advertise]),
      ...wanted,
    ],
    { stdin: "pipe", env: { ORDER_OUTBOX_PARENT_PIPE: "1", ...env } },
  );
  try {
    const line = await child.waitForLine(/clients use \S+/);
    const kafkaHost = /clients use (\S+)/.exec(line)?.[1] ?? "";
    return {
      kafkaHost,
      process: child,
      [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
    };
  } catch (error) {
    await child[Symbol.asyncDispose]();
    throw error;
  }
}

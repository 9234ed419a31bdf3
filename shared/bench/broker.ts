import { DEFAULT_PARTITIONS } from "@order-outbox/contracts";
import { resetServiceTopics } from "@order-outbox/system";
import { type KillableBroker, killableBroker } from "@order-outbox/testing";
import { cleanUpWith } from "@order-outbox/tool-kit";
import { Kafka, logLevel } from "kafkajs";
import { pidListeningOn } from "./cpu.ts";

/** The broker of a run. */
export interface BenchBroker extends AsyncDisposable {
  /** What it is, for people. */
  readonly kind: string;
  readonly kafkaHost: string;
  /** Can be stopped and started again; undefined for one that runs elsewhere. */
  readonly killable: KillableBroker | undefined;
  /** Its process, when it is one of this machine. */
  pid(): number | undefined;
  /** Empties the services' topics and forgets their groups. */
  reset(): Promise<void>;
  /** Makes an empty topic with a name of its own. */
  newTopic(prefix: string): Promise<string>;
}

/**
 * Starts the broker that `--broker` names.
 *
 * @param script starts Apache Kafka, for `real`
 * @param folder for the embedded broker's data
 */
export async function startBenchBroker(
  broker: string,
  script: string,
  folder: string,
): Promise<BenchBroker> {
  if (broker !== "dev" && broker !== "real") return describe("at an address", broker, undefined);
  await using started = new AsyncDisposableStack();
  const killable = await killableBroker(folder, { script: broker === "real" ? script : "" });
  if (broker === "dev") started.use(killable);
  else started.use(cleanUpWith([script, "wipe", String(killable.port)]));
  await killable.start();
  const resources = started.move();
  return {
    ...describe(
      broker === "dev" ? "the embedded one" : "Apache Kafka",
      killable.kafkaHost,
      killable,
    ),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function describe(
  kind: string,
  kafkaHost: string,
  killable: KillableBroker | undefined,
): BenchBroker {
  const [first = ""] = kafkaHost.split(",");
  return {
    kind,
    kafkaHost,
    killable,
    pid: () => pidListeningOn(Number(first.slice(first.lastIndexOf(":") + 1))),
    reset: () => resetServiceTopics(kafkaHost),
    newTopic: (prefix) => createTopic(kafkaHost, `${prefix}-${crypto.randomUUID()}`),
    async [Symbol.asyncDispose]() {},
  };
}

/** Makes an empty topic; gives its name. */
export async function createTopic(kafkaHost: string, topic: string): Promise<string> {
  const kafka = new Kafka({ brokers: kafkaHost.split(","), logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  try {
    await admin.createTopics({
      waitForLeaders: true,
      topics: [{ topic, numPartitions: DEFAULT_PARTITIONS }],
    });
  } finally {
    await admin.disconnect();
  }
  return topic;
}

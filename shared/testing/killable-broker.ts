import { startBrokerProcess } from "./broker.ts";
import { freePort } from "./free-port.ts";
import { pauseProcess } from "./pause-process.ts";

/** A broker with data on disk that a test may kill and start again at the same address. */
export interface KillableBroker extends AsyncDisposable {
  /** What clients are told to use, for `KAFKA_HOST`. */
  readonly kafkaHost: string;
  /** Where it listens on 127.0.0.1. */
  readonly port: number;
  /** The newest process of an embedded broker. */
  readonly pid: number | undefined;
  start(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGSTOP, and SIGCONT after `ms`, also when this process does not live to see it. */
  pause(ms: number): Promise<void>;
}

/** What a killable broker is made with. */
export interface KillableBrokerOptions {
  /** The `HOST:PORT` of a proxy in front of it; clients are told to use where it listens otherwise. */
  advertise?: string;
  /**
   * A script that starts a real broker, see {@link killableBroker}; "" for the embedded one.
   * `REAL_KAFKA` when left out.
   */
  script?: string;
}

/**
 * A broker that is not started yet: the embedded one, or a real Apache Kafka when `REAL_KAFKA`
 * names a script that knows `start PORT` (with `ADVERTISE`), `kill PORT` and `wipe PORT`, and for
 * pauses `pause PORT` and `resume PORT`.
 */
export async function killableBroker(
  dataDir: string,
  options: KillableBrokerOptions = {},
): Promise<KillableBroker> {
  const { advertise, script = process.env.REAL_KAFKA } = options;
  if (!script) return embeddedBroker(await freePort(), dataDir, advertise);
  return realKafka(script, await freePort(), advertise);
}

function embeddedBroker(
  port: number,
  dataDir: string,
  advertise: string | undefined,
): KillableBroker {
  let broker: Awaited<ReturnType<typeof startBrokerProcess>> | undefined;
  return {
    kafkaHost: advertise ?? `127.0.0.1:${port}`,
    port,
    get pid() {
      return broker?.process.pid;
    },
    async start() {
      broker = await startBrokerProcess({ data: `${dataDir}/broker`, port, advertise });
    },
    async kill() {
      broker?.process.kill("SIGKILL");
      await broker?.process.exited;
    },
    async pause(ms) {
      if (broker) await pauseProcess(broker.process.pid, ms);
    },
    async [Symbol.asyncDispose]() {
      await broker?.[Symbol.asyncDispose]();
    },
  };
}

function realKafka(script: string, port: number, advertise: string | undefined): KillableBroker {
  async function run(command: string): Promise<void> {
    const env = advertise === undefined ? {} : { ADVERTISE: advertise };
    await runToEnd([script, command, String(port)], env);
  }
  return {
    kafkaHost: advertise ?? `127.0.0.1:${port}`,
    port,
    pid: undefined,
    start: () => run("start"),
    kill: () => run("kill"),
    pause: (ms) =>
      runToEnd([
        "sh",
        "-c",
        '"$0" pause "$1" && sleep "$2"; "$0" resume "$1"',
        script,
        String(port),
        String(ms / 1000),
      ]),
    [Symbol.asyncDispose]: () => run("wipe"),
  };
}

async function runToEnd(command: string[], env: Record<string, string> = {}): Promise<void> {
  const child = Bun.spawn(command, {
    env: { ...process.env, ...env },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "inherit",
    detached: true,
  });
  const code = await child.exited;
  if (code !== 0) throw new Error(`${command.join(" ")} exited with ${code}`);
}

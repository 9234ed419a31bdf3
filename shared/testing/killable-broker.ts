import { startBrokerProcess } from "./broker.ts";
import { freePort } from "./free-port.ts";

/** A broker with data on disk that a test may kill and start again at the same address. */
export interface KillableBroker extends AsyncDisposable {
  readonly kafkaHost: string;
  start(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

/**
 * A broker that is not started yet: the embedded one, or a real Apache Kafka when `REAL_KAFKA`
 * names a script that knows `start PORT`, `kill PORT` and `wipe PORT`.
 */
export async function killableBroker(dataDir: string): Promise<KillableBroker> {
  const script = process.env.REAL_KAFKA;
  if (!script) return embeddedBroker(await freePort(), dataDir);
  // The script's controller listens 10,000 above.
  let port = await freePort();
  while (port > 50_000) port = await freePort();
  return realKafka(script, port);
}

function embeddedBroker(port: number, dataDir: string): KillableBroker {
  let broker: Awaited<ReturnType<typeof startBrokerProcess>> | undefined;
  return {
    kafkaHost: `127.0.0.1:${port}`,
    async start() {
      broker = await startBrokerProcess({ data: `${dataDir}/broker`, port });
    },
    async kill() {
      broker?.process.kill("SIGKILL");
      await broker?.process.exited;
    },
    async [Symbol.asyncDispose]() {
      await broker?.[Symbol.asyncDispose]();
    },
  };
}

function realKafka(script: string, port: number): KillableBroker {
  async function run(command: string): Promise<void> {
    const child = Bun.spawn([script, command, String(port)], {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "inherit",
    });
    const code = await child.exited;
    if (code !== 0) throw new Error(`${script} ${command} ${port} exited with ${code}`);
  }
  return {
    kafkaHost: `127.0.0.1:${port}`,
    start: () => run("start"),
    kill: () => run("kill"),
    [Symbol.asyncDispose]: () => run("wipe"),
  };
}

import { join } from "node:path";
import { type ServiceName, serviceNamed } from "@order-outbox/registry";
import { REPOSITORY, startProcess, type TestProcess, waitFor } from "@order-outbox/testing";

/** A service that runs as a process, and can be ended and started again at the same place. */
export interface ServiceProcess extends AsyncDisposable {
  readonly name: ServiceName;
  readonly url: string;
  readonly port: number;
  readonly databasePath: string;
  /** The newest process; throws before the first start. */
  readonly process: TestProcess;
  /** Starts it and waits for `/health` to answer 200; `env` is added for this start only. */
  start(env?: Record<string, string>): Promise<void>;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
  /** SIGTERM, and waits; gives the exit code. */
  stop(): Promise<number>;
  /** {@link kill} and {@link start}. */
  restart(env?: Record<string, string>): Promise<void>;
}

/** Where a service process listens and keeps its data. */
export interface ServiceOptions {
  port: number;
  databasePath: string;
  kafkaHost: string;
  env?: Record<string, string>;
  /** The checkout whose service it is; this one when left out. */
  root?: string;
  /** A file for its standard output and standard error. */
  output?: number | undefined;
}

/** Describes a service process; `start` starts it. */
export function serviceProcess(name: ServiceName, options: ServiceOptions): ServiceProcess {
  const { port, databasePath, kafkaHost, root = REPOSITORY, output } = options;
  const url = `http://127.0.0.1:${port}`;
  let current: TestProcess | undefined;

  function running(): TestProcess {
    if (current === undefined) throw new Error(`${name} was never started`);
    return current;
  }

  async function start(env: Record<string, string> = {}): Promise<void> {
    const child = startProcess(
      [process.execPath, join(root, serviceNamed(name).folder, "src/main.ts")],
      {
        stdin: "pipe",
        ...(output === undefined ? {} : { output }),
        env: {
          PORT: String(port),
          HOST: "127.0.0.1",
          KAFKA_HOST: kafkaHost,
          DATABASE_PATH: databasePath,
          LOG_FORMAT: "json",
          ORDER_OUTBOX_PARENT_PIPE: "1",
          ...options.env,
          ...env,
        },
      },
    );
    current = child;
    let exitCode: number | undefined;
    void child.exited.then((code) => {
      exitCode = code;
    });
    await waitFor(async () => exitCode !== undefined || (await isHealthy(url)), {
      what: `${name} to be healthy`,
      timeoutMs: 20_000,
    }).catch((error: unknown) => {
      throw new Error(`${name} is not healthy:\n  ${tail(child)}`, { cause: error });
    });
    if (exitCode !== undefined) {
      throw new Error(`${name} exited with ${exitCode}:\n  ${tail(child)}`);
    }
  }

  async function end(signal: NodeJS.Signals): Promise<number> {
    const child = running();
    child.kill(signal);
    return child.exited;
  }

  return {
    name,
    url,
    port,
    databasePath,
    get process() {
      return running();
    },
    start,
    stop: () => end("SIGTERM"),
    async kill() {
      await end("SIGKILL");
    },
    async restart(env) {
      await end("SIGKILL");
      await start(env);
    },
    async [Symbol.asyncDispose]() {
      await current?.[Symbol.asyncDispose]();
    },
  };
}

async function isHealthy(url: string): Promise<boolean> {
  const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(3_000) });
  await response.arrayBuffer();
  return response.status === 200;
}

function tail(child: TestProcess): string {
  return child.lines.slice(-30).join("\n  ");
}

import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { type ServiceName, serviceNamed } from "@order-outbox/registry";
import {
  freePort,
  REPOSITORY,
  startProcess,
  type TestProcess,
  waitFor,
} from "@order-outbox/testing";

/** A service that is started again whenever it ends, as a supervisor would. */
export interface SupervisedService extends AsyncDisposable {
  readonly name: ServiceName;
  readonly url: string;
  readonly databasePath: string;
  /** Of the newest process. */
  readonly pid: number;
  /** How it ended when nobody had asked it to. */
  readonly crashes: readonly string[];
  /** SIGKILL, and a start after `downMs`. */
  kill(downMs: number): Promise<void>;
  /**
   * SIGTERM to a service that is up; gives what was wrong with its end, if anything. One that is
   * still starting may end as it likes.
   */
  stop(): Promise<string | undefined>;
  start(): void;
  /** Waits for `/health` to answer 200. */
  healthy(): Promise<void>;
}

/** Where a service keeps its data and finds the broker. */
export interface ServiceSettings {
  databasePath: string;
  kafkaHost: string;
  /** Its output is appended here. */
  logPath: string;
  env: Record<string, string>;
}

/** The services promise 10 s. */
const STOP_MS = 15_000;
const UP_MS = 5_000;
const START_MS = 30_000;
const RESTART_MS = 500;

/** Describes a service; `start` starts it. */
export async function describeService(
  name: ServiceName,
  { databasePath, kafkaHost, logPath, env }: ServiceSettings,
): Promise<SupervisedService> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const crashes: string[] = [];
  let child: TestProcess | undefined;
  let wanted = false;

  function start(): void {
    wanted = true;
    const log = openSync(logPath, "a");
    const started = startProcess(
      [process.execPath, join(REPOSITORY, serviceNamed(name).folder, "src/main.ts")],
      {
        env: {
          PORT: String(port),
          HOST: "127.0.0.1",
          KAFKA_HOST: kafkaHost,
          DATABASE_PATH: databasePath,
          LOG_FORMAT: "json",
          LOG_LEVEL: "warn",
          ORDER_OUTBOX_PARENT_PIPE: "1",
          ...env,
        },
        stdin: "pipe",
        output: log,
      },
    );
    closeSync(log);
    child = started;
    void started.exited.then(async (code) => {
      if (!wanted || child !== started) return;
      crashes.push(`exit code ${code}`);
      await Bun.sleep(RESTART_MS);
      if (wanted && child === started) start();
    });
  }

  async function kill(): Promise<void> {
    wanted = false;
    child?.kill("SIGKILL");
    await child?.exited;
  }

  async function stop(): Promise<string | undefined> {
    const up = await answers(UP_MS, () => true);
    wanted = false;
    const ending = child;
    if (ending === undefined) return undefined;
    ending.kill("SIGTERM");
    const timer = setTimeout(() => ending.kill("SIGKILL"), STOP_MS);
    const code = await ending.exited;
    clearTimeout(timer);
    return !up || code === 0 ? undefined : `${name} ended with exit code ${code} on SIGTERM`;
  }

  async function answers(
    timeoutMs: number,
    goodEnough: (response: Response) => boolean,
  ): Promise<boolean> {
    return waitFor(
      async () =>
        goodEnough(
          await fetch(`${url}/health`, { signal: AbortSignal.timeout(1_000), keepalive: false }),
        ),
      { what: `${name} to answer`, timeoutMs, intervalMs: 50 },
    ).catch(() => false);
  }

  return {
    name,
    url,
    databasePath,
    crashes,
    get pid() {
      return child?.pid ?? 0;
    },
    async kill(downMs) {
      await kill();
      await Bun.sleep(downMs);
      start();
    },
    stop,
    start,
    async healthy() {
      if (await answers(START_MS, ({ status }) => status === 200)) return;
      throw new Error(`${name} is not healthy after ${START_MS} ms; see ${logPath}`);
    },
    [Symbol.asyncDispose]: kill,
  };
}

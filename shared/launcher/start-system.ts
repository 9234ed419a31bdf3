import { resolve } from "node:path";
import { isatty } from "node:tty";
import { DEFAULT_PARTITIONS, TOPICS } from "@order-outbox/contracts";
import { createOutput, isIgnored } from "@order-outbox/output";
import {
  claimFolder,
  EXIT_MISUSED,
  findRunning,
  prepareConsole,
  type RunningSystem,
} from "@order-outbox/tool-kit";
import { readyBanner } from "./banner.ts";
import { type Child, EXIT_CONFIG, superviseChild } from "./child.ts";
import { prepareFolder } from "./data-folder.ts";
import { readOptions, USAGE } from "./options.ts";
import { prefixedOutput } from "./output.ts";
import { onRunnerExit } from "./package-runner.ts";
import { brokersOf, planChildren } from "./plan.ts";
import { findTakenPorts } from "./ports.ts";
import { readSettings } from "./settings.ts";

const REPOSITORY = resolve(import.meta.dir, "../..");
/** One child may take this long to stop before the next one is told to. */
const STOP_EACH_MS = 3_000;
/** A service itself gives up after 9 s, and says what kept it. */
const STOP_LAST_MS = 10_000;
/** `bun run` delivers one Ctrl-C twice. */
const SAME_SIGNAL_MS = 1_000;
const STANDARD_OUTPUT = 1;
const LAST_LINES_MS = 500;

const ANOTHER_FOLDER = "a second system needs a folder (DATA_DIR) and ports of its own";

const startedAt = performance.now();

/** `bun run start` and `bun run dev`: starts the broker and the services, and keeps them running until a signal. */
export async function startSystem(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (typeof options === "string") {
    console.error(`${options}\n(--help shows the options)`);
    process.exitCode = EXIT_MISUSED;
    return;
  }
  if (options.help) {
    prepareConsole();
    console.log(USAGE);
    return;
  }

  const settings = readSettings(process.env);
  if (Array.isArray(settings)) {
    return refuse("these settings are wrong", settings, EXIT_CONFIG);
  }
  const dataDir = resolve(REPOSITORY, settings.dataDir);
  const unusable = prepareFolder(dataDir);
  if (unusable !== undefined) return refuse("there is no place for data", [unusable], EXIT_CONFIG);
  const other = findRunning(dataDir);
  if (other !== undefined) return refuse(`a system runs in ${dataDir}`, describeRunning(other));
  const taken = await findTakenPorts(settings);
  if (taken.length > 0) return refuse("nothing was started", taken);

  const plans = planChildren(settings, {
    root: REPOSITORY,
    bun: process.execPath,
    watch: options.watch,
    topics: Object.fromEntries(Object.values(TOPICS).map((topic) => [topic, DEFAULT_PARTITIONS])),
  });
  const urls = plans.flatMap(({ healthUrl, url }) => (healthUrl === undefined ? [] : [url]));
  if (!claimFolder(dataDir, { pid: process.pid, brokers: brokersOf(settings), urls })) {
    return refuse(`a system is just being started in ${dataDir}`, [ANOTHER_FOLDER]);
  }
  const color = wantsColor();
  const terminal = createOutput({
    fd: STANDARD_OUTPUT,
    onRecovered: (lines) => say(`${lines} lines were dropped`),
  });
  const output = prefixedOutput([...plans.map(({ name }) => name), "dev"], {
    color,
    write: terminal.write,
  });
  const say = (text: string) => output.line("dev", text);

  const env = {
    LOG_FORMAT: "pretty",
    ...process.env,
    ...(color ? { FORCE_COLOR: "1" } : {}),
  };
  const children = plans.map((plan) =>
    superviseChild(plan, env, {
      line: (text) => output.line(plan.name, text),
      ended: (how, delayMs) =>
        say(`${plan.name} ended (${how}); starting it again in ${delayMs / 1000} s`),
      misconfigured() {
        say(`${plan.name} cannot run like this, as it says above; stopping everything`);
        void stopAll(EXIT_CONFIG);
      },
    }),
  );

  let stopping: number | undefined;
  async function stopAll(exitCode: number): Promise<void> {
    if (stopping !== undefined) return;
    stopping = performance.now();
    const code = Math.max(exitCode, await stopChildren(children, say));
    await terminal.drain(LAST_LINES_MS);
    process.exit(code);
  }
  for (const [signal, exitCode] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const) {
    if (isIgnored(signal)) continue;
    process.on(signal, () => {
      if (stopping !== undefined && performance.now() - stopping > SAME_SIGNAL_MS) {
        for (const child of children) child.kill();
        process.exit(exitCode);
      }
      void stopAll(0);
    });
  }

  onRunnerExit(() => {
    say("what started this is gone");
    void stopAll(0);
  });

  await Promise.all(plans.map(({ healthUrl }) => healthUrl && untilHealthy(healthUrl)));
  if (stopping === undefined) {
    terminal.write(readyBanner(plans, settings, performance.now() - startedAt));
  }
}

const describeRunning = ({ pid, urls, brokers }: RunningSystem): string[] => [
  ...urls,
  `broker ${brokers}, pid ${pid}`,
  `stop it first, with Ctrl-C or kill ${pid}; ${ANOTHER_FOLDER}`,
];

/** Stops the children one after the other; gives 1 when one of them had to be killed. */
async function stopChildren(
  children: readonly Child[],
  say: (text: string) => void,
): Promise<number> {
  say(`stopping ${children.map(({ plan }) => plan.name).join(", ")}`);
  const stopAllMs = STOP_EACH_MS * (children.length - 1) + STOP_LAST_MS;
  const deadline = Bun.sleep(stopAllMs);
  const stops: Promise<void>[] = [];
  for (const child of children) {
    const stopped = child.stop();
    stops.push(stopped);
    await Promise.race([stopped, Bun.sleep(STOP_EACH_MS), deadline]);
  }
  await Promise.race([Promise.all(stops), deadline]);
  const left = children.filter((child) => child.isRunning());
  for (const child of left) {
    say(`${child.plan.name} did not stop within ${stopAllMs / 1000} s and was killed`);
    child.kill();
  }
  if (left.length === 0) say("everything is stopped");
  return left.length > 0 ? 1 : 0;
}

async function untilHealthy(url: string): Promise<void> {
  for (;;) {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) }).catch(() => null);
    await response?.arrayBuffer();
    if (response?.status === 200) return;
    await Bun.sleep(25);
  }
}

function refuse(why: string, problems: readonly string[], exitCode = 1): void {
  console.error([`Cannot start, ${why}:`, ...problems].join("\n  "));
  process.exitCode = exitCode;
}

function wantsColor(): boolean {
  if (process.env.NO_COLOR) return false;
  const forced = process.env.FORCE_COLOR;
  return forced ? forced !== "0" : isatty(STANDARD_OUTPUT);
}

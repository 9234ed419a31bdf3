import { join } from "node:path";
import { parseArgs } from "node:util";
import { startDevBroker } from "@order-outbox/dev-broker";
import { isAppError, printable } from "@order-outbox/errors";
import { createOutput, isIgnored } from "@order-outbox/output";

const USAGE = `Usage: bun run broker [options]

A single-node Kafka-API broker for development and tests.

  --port PORT               where to listen; 0 takes a free port (default 9092)
  --host HOST               on which address (default 127.0.0.1; there is no authentication)
  --advertise HOST:PORT     what clients are told to connect to (default: where it listens)
  --data DIR                folder of the data (default: $DATA_DIR/broker or .data/broker)
  --memory                  keep nothing on disk
  --topic NAME:PARTITIONS   create this topic if it is missing; may be given several times
  --auto-create-topics      create topics when a client first asks for them
  --synchronous NORMAL|FULL FULL survives a power cut too, and is slower (default NORMAL)
  --help                    show this
`;

const STANDARD_OUTPUT = 1;
const STANDARD_ERROR = 2;
const LAST_LINES_MS = 500;

/** Something is wrong with the arguments; shown without a stack. */
class UsageError extends Error {}

/** Another program has the port, perhaps not for long. */
class PortTaken extends UsageError {}

/** `EX_CONFIG` of sysexits.h: no supervisor should start it again. */
const EXIT_CONFIG = 78;

function readOptions(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: "string", default: "9092" },
        host: { type: "string", default: "127.0.0.1" },
        advertise: { type: "string" },
        data: { type: "string" },
        memory: { type: "boolean", default: false },
        topic: { type: "string", multiple: true, default: [] },
        "auto-create-topics": { type: "boolean", default: false },
        synchronous: { type: "string", default: "NORMAL" },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function parseNumber(text: string, least: number, most: number, what: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`${what} must be a number from ${least} to ${most}, not "${text}".`);
}

const parsePort = (text: string, least: number, what: string) =>
  parseNumber(text, least, 65_535, what);

/** Cuts at the last colon: an IPv6 host has some of its own, and may stand in brackets. */
function splitLast(text: string, form: string): [string, string] {
  const colon = text.lastIndexOf(":");
  if (colon > 0) return [text.slice(0, colon), text.slice(colon + 1)];
  throw new UsageError(`"${text}" is not of the form ${form}.`);
}

function parseTopic(text: string): [string, number] {
  const [name, partitions] = splitLast(text, "NAME:PARTITIONS");
  if (!/^[a-zA-Z0-9._-]{1,249}$/.test(name)) {
    throw new UsageError(`"${name}" is not a topic name: letters, digits, ".", "_" and "-" are.`);
  }
  return [name, parseNumber(partitions, 1, 1000, `The partitions of ${name}`)];
}

function parseTopics(texts: readonly string[]): Record<string, number> {
  const topics = texts.map(parseTopic);
  const twice = topics.find(([name], i) => topics.findIndex((one) => one[0] === name) < i);
  if (twice) throw new UsageError(`The topic ${twice[0]} is named twice.`);
  return Object.fromEntries(topics);
}

function parseAdvertise(text: string) {
  const [host, port] = splitLast(text, "HOST:PORT");
  return {
    host: host.replace(/^\[(.*)\]$/, "$1"),
    port: parsePort(port, 1, "The port of --advertise"),
  };
}

function parseSynchronous(text: string): "NORMAL" | "FULL" {
  if (text === "NORMAL" || text === "FULL") return text;
  throw new UsageError(`--synchronous is NORMAL or FULL, not "${text}".`);
}

/** What the system says about the address, in words that help. */
function explain(error: unknown, host: string, port: number): unknown {
  if (!(error instanceof Error)) return error;
  const code = "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") {
    return new PortTaken(
      `Port ${port} on ${host} is already in use. Stop what listens there, or choose another port with --port (0 takes a free one).`,
    );
  }
  // Bun gives no code for what is no address at all.
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || /^Failed to listen/.test(error.message)) {
    return new UsageError(`This machine has no address ${host}. Choose another one with --host.`);
  }
  if (code === "EACCES") {
    return new UsageError(`Port ${port} may not be used here. Choose one above 1023 with --port.`);
  }
  return error;
}

/** Whether the same start can succeed later without anybody mending something. */
function canPass(error: unknown): boolean {
  if (isAppError(error)) return error.retryable;
  return !(error instanceof UsageError) || error instanceof PortTaken;
}

async function main(args: readonly string[]): Promise<void> {
  const options = readOptions(args);
  if (options.help) {
    console.log(USAGE);
    return;
  }
  if (options.memory && options.data !== undefined) {
    throw new UsageError("Give either --memory or --data, not both.");
  }
  if (options.data === "") throw new UsageError("--data is the path of a folder; it is empty.");
  const output = createOutput({
    fd: STANDARD_OUTPUT,
    onRecovered: (lines) => say(`${lines} lines were dropped`),
  });
  const warnings = createOutput({ fd: STANDARD_ERROR });
  const say = (text: string) => output.write(`${printable(text, "lines")}\n`);
  const { host } = options;
  const port = parsePort(options.port, 0, "--port");
  const data = options.memory
    ? undefined
    : (options.data ?? join(process.env.DATA_DIR || ".data", "broker"));

  const broker = await startDevBroker({
    host,
    port,
    topics: parseTopics(options.topic),
    autoCreateTopics: options["auto-create-topics"],
    synchronous: parseSynchronous(options.synchronous),
    onWarning: (message, error) =>
      warnings.write(printable(`broker: ${message}: ${Bun.inspect(error)}\n`, "lines")),
    ...(data === undefined ? {} : { data }),
    ...(options.advertise === undefined ? {} : { advertise: parseAdvertise(options.advertise) }),
  }).catch((error: unknown) => {
    throw explain(error, host, port);
  });

  const topics = Object.entries(broker.topics()).map(([name, count]) => `${name}:${count}`);
  const listens = host.includes(":") ? `[${host}]` : host;
  say(`broker listening on ${listens}:${broker.port}, clients use ${broker.address}`);
  say(`topics: ${topics.join(" ") || "none"}`);
  say(`data: ${data ?? "in memory"}`);

  const stop = async () => {
    await broker.close();
    await output.drain(LAST_LINES_MS);
    process.exit(0);
  };
  // Through "bun run" a Ctrl-C arrives twice; closing twice is closing once.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    if (!isIgnored(signal)) process.on(signal, stop);
  }
  // The start script holds this pipe open; when it dies, so does what it started.
  if (process.env.ORDER_OUTBOX_PARENT_PIPE) process.stdin.on("end", stop).resume();
}

main(process.argv.slice(2)).catch((error: unknown) => {
  if (error instanceof UsageError) console.error(`${error.message}\n(--help shows the options)`);
  else if (isAppError(error)) console.error(`The broker could not start: ${error.message}`);
  else console.error("The broker could not start:", error);
  process.exit(canPass(error) ? 1 : EXIT_CONFIG);
});

import { type ParseArgsOptionDescriptor, type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { isAppError } from "@order-outbox/errors";
import type { KafkaSecurity } from "@order-outbox/kafka";
import { chooseBrokers } from "./broker-address.ts";
import { chooseDataDir } from "./data-dir.ts";
import { UserError } from "./user-error.ts";

/** What a command ends with. */
export const EXIT = {
  done: 0,
  /** `verify` found something, or an operator's request was not carried out. */
  findings: 1,
  /** The question made no sense, or could not be looked into. */
  unable: 2,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Where to look and how to answer. */
export interface Context {
  dataDir: string;
  /** `host:port`, one or more. */
  brokers: string[];
  /** From KAFKA_SECURITY_PROTOCOL and its kin, as for the services. */
  security: KafkaSecurity;
  json: boolean;
}

/** A verb of the command line. */
export interface Command {
  readonly name: string;
  /** Completes a line of the overview. */
  readonly summary: string;
  readonly usage: string;
  execute(args: readonly string[]): Promise<ExitCode>;
}

const COMMON = {
  data: { type: "string" },
  broker: { type: "string" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const satisfies ParseArgsOptionsConfig;

const COMMON_USAGE = `
  --data DIR         folder of the databases, which are in it or in its folders of the services
                     (default: $DATA_DIR, or .data, else services)
  --broker HOST:PORT comma-separated (default: $KAFKA_HOST, $BROKER_PORT of this machine, the broker
                     of the system that runs on these databases, or localhost:9092)
  --json             for machines
  --help             show this`;

type Option = ParseArgsOptionDescriptor;

type Value<O extends Option> = O["type"] extends "boolean" ? boolean : string;

/** What parseArgs makes of options that are given once each. */
type Values<Options extends Record<string, Option>> = {
  [Name in keyof Options]: Options[Name] extends { default: unknown }
    ? Value<Options[Name]>
    : Value<Options[Name]> | undefined;
};

interface Definition<Options extends ParseArgsOptionsConfig> {
  name: string;
  summary: string;
  /** How it is called, what it does, and its own options; the common ones are added. */
  usage: string;
  options: Options;
  /** How many words may stand beside the options. */
  words?: number;
  run(
    values: Values<Options>,
    context: Context,
    words: readonly string[],
  ): ExitCode | Promise<ExitCode>;
}

/** Makes a verb that reads its own arguments, with the options that all of them share. */
export function defineCommand<const Options extends ParseArgsOptionsConfig>(
  definition: Definition<Options>,
): Command {
  const { name, summary, options, words = 0 } = definition;
  const usage = `Usage: bun run outbox ${definition.usage.trim()}\n${COMMON_USAGE}`;
  return {
    name,
    summary,
    usage,
    async execute(args) {
      const { values, positionals } = parse(name, args, options);
      if (values.help) {
        console.log(usage);
        return EXIT.done;
      }
      if (positionals.length > words) {
        throw new UserError(`${name}: "${positionals[words]}" is too much; see ${name} --help`);
      }
      const context = await readContext(values, process.env);
      return definition.run(values as unknown as Values<Options>, context, positionals);
    },
  };
}

function parse(name: string, args: readonly string[], options: ParseArgsOptionsConfig) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { ...options, ...COMMON },
    });
    return { values: values as unknown as Values<typeof COMMON>, positionals };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UserError(`${name}: ${message.replaceAll("\n", " ")}; see ${name} --help`);
  }
}

async function readContext(
  { data, broker, json }: Values<typeof COMMON>,
  env: Record<string, string | undefined>,
): Promise<Context> {
  const { path: dataDir, passedOver } = chooseDataDir(data, env);
  if (passedOver !== undefined) {
    console.error(
      `outbox: these are the databases in ${dataDir}; ${passedOver} has some, too (--data ${passedOver})`,
    );
  }
  const brokers = chooseBrokers(broker, env, dataDir);
  const security = await readSecurity(env);
  return { dataDir, brokers, security, json };
}

/** The schema comes with an HTTP framework, which only a secured cluster has to wait for. */
async function readSecurity(env: Record<string, string | undefined>): Promise<KafkaSecurity> {
  if (!Object.keys(env).some((name) => /^KAFKA_(SECURITY|SASL|SSL)_/.test(name))) return {};
  const { KafkaConfig, kafkaConnectionOf, loadConfig } = await import("@order-outbox/service-kit");
  try {
    const settings = { ...env, KAFKA_HOST: undefined };
    return kafkaConnectionOf(loadConfig(KafkaConfig, settings, { service: "outbox" })).security;
  } catch (error) {
    throw isAppError(error, "CONFIG_INVALID") ? new UserError(error.message) : error;
  }
}

import { isatty } from "node:tty";
import { isoTime, printable } from "@order-outbox/errors";
import { createOutput } from "@order-outbox/output";
import { type DestinationStream, pino } from "pino";
import { describeError } from "./describe-error.ts";
import { formatLogLine } from "./log-format.ts";

/** What code needs of a logger; small, so that it can be handed to packages that know no pino. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** A logger that adds `fields` to every line. */
  child(fields: object): Logger;
}

/** The logger of a process, which knows what became of its lines. */
export interface ProcessLogger extends Logger {
  /** Lines that were dropped because standard output took no more. */
  dropped(): number;
  /** Waits until every line is written, at most `timeoutMs`; for the end of a process. */
  drain(timeoutMs: number): Promise<void>;
}

const STANDARD_OUTPUT = 1;

/** How {@link createLogger} names and writes its lines. */
export interface LoggerOptions {
  service: string;
  level?: "debug" | "info" | "warn" | "error";
  /** `pretty` on a terminal and `json` elsewhere when it is left out. */
  format?: "json" | "pretty" | undefined;
  /** Takes every finished line; standard output when it is left out. */
  destination?: DestinationStream;
  /** Whether pretty lines are coloured; asks `NO_COLOR`, `FORCE_COLOR` and the terminal. */
  color?: boolean;
}

/**
 * A logger that writes one line per event: JSON with `time` (ISO 8601), `level`, `service`, `msg`
 * and the fields, or the same for human eyes. An error in the field `error` is written with its
 * code, message and causes. Lines are written within milliseconds and never waited for: what
 * standard output does not take is dropped within a bound (`createOutput`), and a line says how many
 * when it takes lines again.
 */
export function createLogger(options: LoggerOptions): ProcessLogger {
  // Not `process.stdout`, which changes the mode of what it writes to for everyone who has it open.
  const terminal = isatty(STANDARD_OUTPUT);
  const format = options.format ?? (terminal ? "pretty" : "json");
  const color = options.color ?? wantsColor(process.env, terminal);
  const { output, dropped, drain } = openDestination(options.destination, (lines) =>
    logger.warn({ lines }, `${lines} log lines were dropped`),
  );
  const destination: DestinationStream =
    format === "json"
      ? { write: (line) => output.write(printable(line, "lines")) }
      : { write: (line) => output.write(`${formatLogLine(line, { color })}\n`) };
  const logger = pino(
    {
      level: options.level ?? "info",
      base: { service: options.service },
      timestamp: () => `,"time":"${isoTime(Date.now())}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: describeError, err: describeError },
    },
    destination,
  );
  return Object.assign(logger, { dropped, drain });
}

function openDestination(
  given: DestinationStream | undefined,
  onRecovered: (dropped: number) => void,
) {
  if (given !== undefined) return { output: given, dropped: () => 0, drain: async () => {} };
  const output = createOutput({ fd: STANDARD_OUTPUT, onRecovered });
  return { output, dropped: output.dropped, drain: output.drain };
}

/** Whether to colour, by the conventions of no-color.org and force-color.org. */
export function wantsColor(env: Record<string, string | undefined>, terminal: boolean): boolean {
  if (env.NO_COLOR) return false;
  const forced = env.FORCE_COLOR;
  return forced ? forced !== "0" : terminal;
}

import { printable } from "@order-outbox/errors";
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

/** In bytes; more than this is written at once. */
const MOST_TOGETHER = 8 * 1024;

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
 * code, message and causes. The lines of one turn of the event loop are written together; none is
 * lost when the process ends, unless by SIGKILL in that very turn.
 */
export function createLogger(options: LoggerOptions): Logger {
  const terminal = process.stdout.isTTY === true;
  const format = options.format ?? (terminal ? "pretty" : "json");
  const color = options.color ?? wantsColor(process.env, terminal);
  const output = options.destination ?? standardOutput();
  const destination: DestinationStream =
    format === "json"
      ? { write: (line) => output.write(printable(line, "lines")) }
      : { write: (line) => output.write(`${formatLogLine(line, { color })}\n`) };
  return pino(
    {
      level: options.level ?? "info",
      base: { service: options.service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: describeError, err: describeError },
    },
    destination,
  );
}

/** One write for the lines of a turn: as a call of the system each, they cost a fifth of a service. */
function standardOutput(): DestinationStream {
  const output = pino.destination({ fd: 1, sync: true, minLength: MOST_TOGETHER });
  let scheduled = false;
  const flush = () => {
    scheduled = false;
    output.flushSync();
  };
  process.on("exit", flush);
  return {
    write(line) {
      output.write(line);
      if (scheduled) return;
      scheduled = true;
      setImmediate(flush);
    },
  };
}

/** Whether to colour, by the conventions of no-color.org and force-color.org. */
export function wantsColor(env: Record<string, string | undefined>, terminal: boolean): boolean {
  if (env.NO_COLOR) return false;
  const forced = env.FORCE_COLOR;
  return forced ? forced !== "0" : terminal;
}

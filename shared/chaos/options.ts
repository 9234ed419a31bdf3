import { parseArgs } from "node:util";

/** What a run is asked for. */
export interface ChaosOptions {
  minutes: number;
  seed: number;
  broker: "dev" | "real";
  /** Orders per second. */
  rate: number;
  /** Where the report is written; undefined: nowhere. */
  report: string | undefined;
  /** Keep the data folder of a run that went well, too. */
  keep: boolean;
}

export const USAGE = `Usage: bun run chaos [options]

Runs the whole system under load, breaks it on purpose, and counts afterwards whether an order was
lost, doubled or reordered. Exits with 1 when one was.

  --minutes N          how long orders are sent (default 2, at least 1)
  --seed N             which faults happen when (default 1)
  --broker dev|real    the embedded broker, or the Apache Kafka that the script in REAL_KAFKA starts
  --rate N             orders per second (default 100)
  --report FILE        where a report goes, such as docs/chaos-report.md (default: nowhere)
  --keep               keep databases and logs also when all went well
  --help               show this
`;

/** The options in `args`, or what is wrong with them; undefined asks for help. */
export function readOptions(args: readonly string[]): ChaosOptions | string | undefined {
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        minutes: { type: "string", default: "2" },
        seed: { type: "string", default: "1" },
        broker: { type: "string", default: "dev" },
        rate: { type: "string", default: "100" },
        report: { type: "string" },
        keep: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  if (values.help) return undefined;
  const minutes = Number(values.minutes);
  const seed = Number(values.seed);
  const rate = Number(values.rate);
  if (!(minutes >= 1 && minutes <= 600)) return "--minutes is a number from 1 to 600";
  if (!Number.isSafeInteger(seed)) return "--seed is a whole number";
  if (!(rate > 0 && rate <= 10_000)) return "--rate is a number from 1 to 10000";
  if (values.broker !== "dev" && values.broker !== "real") return "--broker is dev or real";
  return {
    minutes,
    seed,
    broker: values.broker,
    rate,
    report: values.report === undefined ? undefined : String(values.report),
    keep: values.keep === true,
  };
}

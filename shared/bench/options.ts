import { parseArgs } from "node:util";
import { LEAST_ROUNDS } from "./against/interval.ts";

/** The parts of a run, in the order in which they are measured. */
export const PARTS = ["intake", "relay", "latency", "e2e", "idle", "start", "growth"] as const;

export type PartName = (typeof PARTS)[number];

/** What a run is asked for. */
export interface BenchOptions {
  /** `dev`, `real`, or the `HOST:PORT` of a broker that runs already. */
  broker: string;
  parts: readonly PartName[];
  /** Whether that is every part. */
  full: boolean;
  rounds: number;
  /** Short measurements, to try the instrument; the figures are worth little. */
  quick: boolean;
  /** The commit to compare this tree with, instead of measuring this tree alone. */
  against: string | undefined;
  /** With `against`: the ratio below which the run fails; undefined: none. */
  least: number | undefined;
  /** Where the report goes; undefined: nowhere. */
  report: string | undefined;
  /** Where the figures go as JSON; undefined: nowhere. */
  json: string | undefined;
}

export const USAGE = `Usage: bun run bench [options]

Measures the system as real processes on this machine, beside the raw ceilings of the same machine
and the textbook way, everything in one run: medians of several rounds, with their spread.

  --broker WHICH    dev (default): the embedded broker; real: the Apache Kafka that the script in
                    REAL_KAFKA starts (default ../shared/real-kafka/run); or HOST:PORT of one of
                    yours, of which the services' topics are DELETED and made anew
  --part LIST       some of ${PARTS.join(",")} (default all)
  --rounds N        how often each figure is measured (default 3)
  --quick           short measurements, to try it out; with --against, about five minutes
  --against REF     compares this tree with a commit: both in turn within each of N rounds (default 9,
                    or 6 with --quick, at least 6), ratios with their 95 % interval
  --least RATIO     with --against: fails when the upper end of an interval is below it
  --report FILE     where the report goes, such as docs/benchmarks.md (default: nowhere)
  --json FILE       where all figures go, such as docs/benchmarks.json (default: nowhere)
  --help            show this

Temporary files go to the system's folder for them; TMPDIR chooses another disk.
`;

/** The options in `args`, or what is wrong with them; undefined asks for help. */
export function readOptions(args: readonly string[]): BenchOptions | string | undefined {
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        broker: { type: "string", default: "dev" },
        part: { type: "string" },
        rounds: { type: "string" },
        against: { type: "string" },
        least: { type: "string" },
        quick: { type: "boolean", default: false },
        report: { type: "string" },
        json: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    }));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  if (values.help) return undefined;
  const broker = String(values.broker);
  if (!/^(dev|real|[^\s,:]+:\d+)$/.test(broker)) return "--broker is dev, real or HOST:PORT";
  const quick = values.quick === true;
  const against = values.against === undefined ? undefined : String(values.against);
  const rounds = Number(values.rounds ?? (against === undefined ? 3 : quick ? 6 : 9));
  const fewest = against === undefined ? 1 : LEAST_ROUNDS;
  if (!(Number.isInteger(rounds) && rounds >= fewest && rounds <= 50)) {
    return `--rounds is a whole number from ${fewest} to 50`;
  }
  const least = values.least === undefined ? undefined : Number(values.least);
  if (least !== undefined && (against === undefined || !(least > 0 && least < 2))) {
    return "--least is a ratio such as 0.97, and goes with --against";
  }
  const asked = values.part === undefined ? PARTS : String(values.part).split(",");
  const unknown = asked.filter((name) => !PARTS.some((part) => part === name));
  if (against !== undefined && /^-|[^\w./~^@{}-]/.test(against)) {
    return `--against takes a commit of this repository, not ${JSON.stringify(against)}`;
  }
  if (against !== undefined && !/^(dev|real)$/.test(broker)) {
    return "--against starts two brokers of its own: --broker is dev or real";
  }
  if (unknown.length > 0) return `--part knows ${PARTS.join(", ")}; not ${unknown.join(", ")}`;
  const full = against === undefined && asked.length === PARTS.length;
  const file = (name: "report" | "json") =>
    values[name] === undefined ? undefined : String(values[name]);
  return {
    broker,
    parts: PARTS.filter((part) => asked.some((name) => name === part)),
    full,
    rounds,
    quick,
    against,
    least,
    report: file("report"),
    json: file("json"),
  };
}

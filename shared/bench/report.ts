import type { PartResult } from "./figures.ts";
import type { Machine } from "./machine.ts";
import type { BenchOptions } from "./options.ts";
import { SERVICE_ENV } from "./services.ts";
import { formatNumber, toMarkdown, toRows, toText } from "./table.ts";
import type { Verdict } from "./targets.ts";

/** Everything that a run has to tell. */
export interface BenchRun {
  options: BenchOptions;
  machine: Machine;
  /** What the broker is, for people. */
  broker: string;
  /** ISO 8601, UTC. */
  startedAt: string;
  seconds: number;
  results: readonly PartResult[];
  verdicts: readonly Verdict[];
}

const TARGET_HEADING = ["figure", "target", "stretch", "measured", ""];

/** The report of a run, in Markdown. */
export function writeReport(run: BenchRun): string {
  return `# Benchmarks

Written by \`${commandOf(run.options)}\`; do not edit. The figures stand in
[benchmarks.json](benchmarks.json), too, every round of them.

All of it was measured in one run, side by side. A figure is the median of its rounds, with the least
and the most in parentheses.

${toMarkdown([["", ""], ...factsOf(run)])}

## Targets

${toMarkdown([TARGET_HEADING, ...run.verdicts.map(rowOf)])}

${run.results.map(section).join("\n")}
## How to repeat it

\`${commandOf(run.options)}\` on a machine that does nothing else; \`--part intake\` measures one part
alone. \`--broker real\` needs a script that starts Apache Kafka in \`REAL_KAFKA\` (see
[testing.md](testing.md), *Tests against a real broker*). Every process is a real one: services,
broker and load generators share the machine, so all figures are of everything together on
${run.machine.cores} cores.
`;
}

/** The tables of one part, for the terminal. */
export function showPart({ title, figures, notes, failure, seconds }: PartResult): string {
  const tables = [...Map.groupBy(figures, ({ table }) => table)].map(([table, of]) =>
    toText(toRows(table, of)),
  );
  const more = [...notes, ...(failure === undefined ? [] : [`FAILED: ${failure}`])];
  return [`\n== ${title} (${Math.round(seconds)} s)`, ...tables, ...more].join("\n\n");
}

/** The targets, for the terminal. */
export const showVerdicts = (verdicts: readonly Verdict[]): string =>
  toText([TARGET_HEADING, ...verdicts.map(rowOf)]);

const rowOf = ({ name, target, stretch, measured, verdict }: Verdict): string[] => [
  name,
  target,
  stretch,
  measured,
  verdict,
];

/** What the run was made with and on, a line each. */
export function factsOf({ options, machine, broker, startedAt, seconds }: BenchRun): string[][] {
  const { cores, cpu, memoryGib, system, bun, syncMs, commit } = machine;
  const settings = Object.entries(SERVICE_ENV).map(([name, value]) => `${name}=${value}`);
  return [
    ["machine", `${cores} cores (${cpu}), ${memoryGib.toFixed(0)} GiB, ${system}`],
    [
      "disk",
      `4 KiB and fdatasync: p50 ${formatNumber(syncMs.p50)} ms, p99 ${formatNumber(syncMs.p99)} ms`,
    ],
    ["Bun", bun],
    ["broker", broker],
    ["rounds", `${options.rounds}${options.quick ? ", short ones" : ""}`],
    ["settings", `${settings.join(", ")}; \`synchronous=FULL\` and everything else by default`],
    ["commit", commit],
    ["when", `${startedAt}, ${Math.round(seconds / 60)} min`],
  ];
}

function section({ title, limits, figures, notes, failure }: PartResult): string {
  const tables = [...Map.groupBy(figures, ({ table }) => table)].map(([table, of]) =>
    toMarkdown(toRows(table, of)),
  );
  const paragraphs = [
    `## ${title}`,
    ...tables,
    ...(notes.length === 0 ? [] : [notes.map((note) => `- ${note}`).join("\n")]),
    ...(failure === undefined ? [] : [`**This part failed:** ${failure}`]),
    `What limits it: ${limits}`,
  ];
  return `${paragraphs.join("\n\n")}\n`;
}

function commandOf({ broker, parts, rounds, quick, full }: BenchOptions): string {
  const part = full ? "" : ` --part ${parts.join(",")}`;
  return `bun run bench --broker ${broker}${part} --rounds ${rounds}${quick ? " --quick" : ""}`;
}

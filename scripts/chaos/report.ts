import { cpus, platform, totalmem } from "node:os";
import { type Check, countOf, holds, someOf } from "./checks.ts";
import { SERVICES } from "./faults.ts";
import type { DoneFault } from "./inject.ts";
import { median, memoryTrends } from "./memory.ts";
import type { ChaosResult } from "./run.ts";

/** The report of a run, in Markdown. */
export function writeReport(result: ChaosResult): string {
  const { options, checks } = result;
  const failed = checks.filter((one) => !holds(one)).length;
  const command = `bun run chaos --minutes ${options.minutes} --seed ${options.seed} --broker ${options.broker} --rate ${options.rate}`;
  return `# Chaos report

Written by \`${command}\`; do not edit.

**${failed === 0 ? "No order was lost, doubled or reordered." : `${failed} of ${checks.length} checks failed.`}**

| | |
|---|---|
${facts(result)
  .map(([name, value]) => `| ${name} | ${value} |`)
  .join("\n")}

## Checks

${checks.map(describe).join("\n")}

## Faults, and the time until a fresh order was final

Measured from the end of each fault, while other faults went on.

| fault | times | median | most |
|---|---:|---:|---:|
${faultRows(result)}

${leftOut(result.done)}## Memory

${memory(result)}
`;
}

function describe(one: Check): string {
  const verdict = holds(one) ? "holds" : "**broken**";
  return [`- ${verdict}: ${one.name}`, ...someOf(one).map((text) => `  - ${text}`)].join("\n");
}

function facts(result: ChaosResult): [string, string][] {
  const { options, attempts, done, wire, finalAfterS, checks } = result;
  const of = (kind: string) => attempts.filter(({ outcome }) => outcome.kind === kind).length;
  const kills = done.filter(({ fault }) => fault.kind === "kill").length;
  const accepted = of("accepted");
  return [
    ["seed", String(options.seed)],
    [
      "machine",
      `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${platform()}, Bun ${Bun.version}`,
    ],
    ["broker", options.broker === "dev" ? "the embedded one" : "Apache Kafka"],
    ["length", `${Math.round(result.seconds)} s, orders for ${Math.round(result.loadSeconds)} s`],
    ["orders accepted", `${accepted} (${(accepted / result.loadSeconds).toFixed(1)} a second)`],
    [
      "POSTs",
      `${attempts.length}: ${of("refused")} refused, ${of("unsent")} not connected, ${of("unknown")} cut off`,
    ],
    ["kills", String(kills)],
    ["other faults", String(done.length - kills)],
    ["events on the wire", String(wire.records)],
    ["repeats on the wire (allowed)", String(wire.repeats)],
    ["losses", String(countOf(checks, "losses"))],
    ["duplicates in effect", String(countOf(checks, "duplicates"))],
    ["reorderings", String(countOf(checks, "reorderings"))],
    [
      "all final after the last fault",
      finalAfterS === undefined ? "not in time" : `${finalAfterS.toFixed(1)} s`,
    ],
    ["processes that ended unasked", result.crashes.length === 0 ? "0" : tally(result.crashes)],
    ["full disks by", result.diskKind],
  ];
}

function faultRows({ done, recoveries }: ChaosResult): string {
  const names = [...new Set(done.map(({ name }) => name))].sort();
  return names
    .map((name) => {
      const of = recoveries.filter(({ fault }) => fault === name);
      const times = of.flatMap(({ ms }) => (ms === undefined ? [] : [ms]));
      const never = of.length - times.length;
      const most = times.length === 0 ? "" : seconds(Math.max(...times));
      const count = done.filter((fault) => fault.name === name && !fault.leftOut).length;
      return `| ${name} | ${count} | ${seconds(median(times))} | ${most}${never > 0 ? `, ${never} never` : ""} |`;
    })
    .join("\n");
}

function leftOut(done: readonly DoneFault[]): string {
  const lines = done.flatMap(({ name, leftOut: why }) => (why ? [`- ${name}: ${why}`] : []));
  return lines.length === 0 ? "" : `Left out:\n\n${lines.join("\n")}\n\n`;
}

function memory({ samples, loadSeconds }: ChaosResult): string {
  const trends = memoryTrends(samples, loadSeconds);
  if (trends.length === 0) {
    const most = [...SERVICES, "broker"].map((name) => {
      const of = samples.filter((sample) => sample.name === name).map(({ mib }) => mib);
      return `${name} ${of.length === 0 ? "not measured" : `${Math.max(...of).toFixed(0)} MiB`}`;
    });
    return `The run was too short for a trend. Most: ${most.join(", ")}.`;
  }
  const rows = trends.map(
    ({ name, thirdMinute, lastMinute, most }) =>
      `| ${name} | ${thirdMinute.toFixed(0)} | ${lastMinute.toFixed(0)} | ${most.toFixed(0)} |`,
  );
  return `| MiB | third minute | last minute | most |\n|---|---:|---:|---:|\n${rows.join("\n")}`;
}

function tally(items: readonly string[]): string {
  return [...Map.groupBy(items, (item) => item)]
    .map(([item, of]) => `${of.length} × ${item}`)
    .join(", ");
}

const seconds = (ms: number | undefined): string =>
  ms === undefined ? "" : `${(ms / 1000).toFixed(1)} s`;

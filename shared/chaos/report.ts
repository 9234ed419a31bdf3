import { cpus, platform, totalmem } from "node:os";
import { median, memoryTrends } from "@order-outbox/tool-kit";
import { type Check, countOf, holds, someOf } from "./checks.ts";
import { SERVICE_NAMES } from "./faults.ts";
import type { DoneFault } from "./inject.ts";
import { isRenumbered } from "./judge.ts";
import type { ChaosRun } from "./run.ts";

/** The report of a run, in Markdown. */
export function writeReport(run: ChaosRun, checks: readonly Check[]): string {
  const { options } = run;
  const failed = checks.filter((one) => !holds(one)).length;
  const command = `bun run chaos --minutes ${options.minutes} --seed ${options.seed} --broker ${options.broker} --rate ${options.rate}`;
  return `# Chaos report

Written by \`${command}\`; do not edit.

**${failed === 0 ? "No order was lost, doubled or reordered." : `${failed} of ${checks.length} checks failed.`}**

| | |
|---|---|
${facts(run, checks)
  .map(([name, value]) => `| ${name} | ${value} |`)
  .join("\n")}

## Checks

${checks.map(describe).join("\n")}

## Faults, and the time until a fresh order was final

Measured from the end of each fault, while other faults went on.

| fault | times | median | most |
|---|---:|---:|---:|
${faultRows(run)}

${leftOut(run.faults)}## Memory

Resident, by the medians of two minutes that are both calm for 45 s and more: a process that is
killed every few seconds never grows to the size that it has at work.

${memoryTable(run)}
`;
}

function describe(one: Check): string {
  const verdict = holds(one) ? "holds" : "**broken**";
  return [`- ${verdict}: ${one.name}`, ...someOf(one).map((text) => `  - ${text}`)].join("\n");
}

function facts(run: ChaosRun, checks: readonly Check[]): [string, string][] {
  const { options, attempts, faults, wire, finalAfterS } = run;
  const of = (kind: string) => attempts.filter(({ outcome }) => outcome.kind === kind).length;
  const kills = faults.filter(({ fault }) => fault.kind === "kill").length;
  const accepted = of("accepted");
  return [
    ["seed", String(options.seed)],
    [
      "machine",
      `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${platform()}, Bun ${Bun.version}`,
    ],
    ["broker", options.broker === "dev" ? "the embedded one" : "Apache Kafka"],
    ["length", `${Math.round(run.seconds)} s, orders for ${Math.round(run.loadSeconds)} s`],
    ["orders accepted", `${accepted} (${(accepted / run.loadSeconds).toFixed(1)} a second)`],
    [
      "POSTs",
      `${attempts.length}: ${of("refused")} refused, ${of("unsent")} not connected, ${of("unknown")} cut off`,
    ],
    ["kills", String(kills)],
    ["other faults", String(faults.length - kills)],
    ["events on the wire", String(wire.records)],
    ["repeats on the wire (allowed)", String(wire.repeats)],
    [
      "results renumbered by a replaced payments database",
      String(run.verified.findings.filter((one) => isRenumbered(one, run.rebirths)).length),
    ],
    ["losses", String(countOf(checks, "losses"))],
    ["duplicates in effect", String(countOf(checks, "duplicates"))],
    ["reorderings", String(countOf(checks, "reorderings"))],
    [
      "all final after the last fault",
      finalAfterS === undefined ? "not in time" : `${finalAfterS.toFixed(1)} s`,
    ],
    ["processes that ended unasked", run.crashes.length === 0 ? "0" : tally(run.crashes)],
    ["full disks by", run.diskKind],
  ];
}

function faultRows({ faults, recoveries }: ChaosRun): string {
  const names = [...new Set(faults.map(({ name }) => name))].sort();
  return names
    .map((name) => {
      const of = recoveries.filter(({ fault }) => fault === name);
      const times = of.flatMap(({ ms }) => (ms === undefined ? [] : [ms]));
      const never = of.length - times.length;
      const most = times.length === 0 ? "" : seconds(Math.max(...times));
      const count = faults.filter((fault) => fault.name === name && !fault.leftOut).length;
      return `| ${name} | ${count} | ${seconds(median(times))} | ${most}${never > 0 ? `, ${never} never` : ""} |`;
    })
    .join("\n");
}

function leftOut(faults: readonly DoneFault[]): string {
  const lines = faults.flatMap(({ name, leftOut: why }) => (why ? [`- ${name}: ${why}`] : []));
  return lines.length === 0 ? "" : `Left out:\n\n${lines.join("\n")}\n\n`;
}

function memoryTable({ memory, loadSeconds }: ChaosRun): string {
  const trends = memoryTrends(memory, loadSeconds);
  if (trends.length === 0) {
    const most = [...SERVICE_NAMES, "broker"].map((name) => {
      const of = memory.filter((sample) => sample.name === name).map(({ mib }) => mib);
      return `${name} ${of.length === 0 ? "not measured" : `${Math.max(...of).toFixed(0)} MiB`}`;
    });
    return `The run was too short for a trend. Most: ${most.join(", ")}.`;
  }
  const rows = trends.map(
    ({ name, thirdMinute, lastMinute, most }) =>
      `| ${name} | ${mib(thirdMinute)} | ${mib(lastMinute)} | ${most.toFixed(0)} |`,
  );
  return `| MiB | third minute | last minute | most |\n|---|---:|---:|---:|\n${rows.join("\n")}`;
}

const mib = (size: number | undefined): string => size?.toFixed(0) ?? "not measured";

function tally(items: readonly string[]): string {
  return [...Map.groupBy(items, (item) => item)]
    .map(([item, of]) => `${of.length} × ${item}`)
    .join(", ");
}

const seconds = (ms: number | undefined): string =>
  ms === undefined ? "" : `${(ms / 1000).toFixed(1)} s`;

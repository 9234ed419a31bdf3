import { printable } from "@order-outbox/errors";
import { count, printFacts } from "@order-outbox/tool-kit";
import { KINDS, type Report } from "./report.ts";

/** Writes a report for people, with at most `limit` findings by name. */
export function printReport(report: Report, limit: number): void {
  const { counts, findings, records, repeatsOnTheWire, notes, leftOut } = report;
  console.log(describeOrders(report));
  if (records !== null) {
    console.log(
      `${count(records, "record")} in the topics, ${repeatsOnTheWire} of them repetitions`,
    );
  }
  console.log();
  printFacts({ columns: ["finding", "count"], rows: KINDS.map((kind) => [kind, counts[kind]]) });
  console.log();
  for (const { kind, message } of findings.slice(0, limit))
    console.log(`${kind}: ${printable(message)}`);
  const more = findings.length - limit;
  if (more > 0) console.log(`and ${count(more, "further finding")}; --all names every one`);
  for (const note of notes) console.log(`note: ${note}`);
  for (const part of leftOut) console.log(`not checked: ${part}`);
  if (findings.length === 0) {
    console.log(leftOut.length > 0 ? "nothing found in what was checked" : "nothing found");
  }
}

function describeOrders({ orders: { judged, younger }, cutoff }: Report): string {
  if (judged + younger === 0) return "no order has been accepted yet";
  const open = `${count(younger, "order")} accepted after ${cutoff} still on the way: look again soon`;
  return `${count(judged, "order")} judged${younger > 0 ? `; ${open}` : ""}`;
}

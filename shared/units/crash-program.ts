import { subscribe } from "node:diagnostics_channel";
import { writeSync } from "node:fs";
import { COMMIT_CRASH_POINTS, type CommitCrashPoint } from "@order-outbox/sqlite";
import { openToyIn } from "./test-sqlite-toy.ts";
import { claim, put, reach, settle, write } from "./test-units-contract.ts";

/** What this program gets as the JSON of its first argument. */
export interface CrashPlan {
  folder: string;
  /** The process kills itself at this step of the commit of this number, counted from 1. */
  step: CommitCrashPoint["step"];
  number: number;
}

const plan: CrashPlan = JSON.parse(process.argv[2] ?? "");
const UNITS = 10;

process.stdin.on("end", () => process.exit(1)).resume();
let commits = 0;
subscribe(COMMIT_CRASH_POINTS, (message) => {
  const { step } = message as CommitCrashPoint;
  if (step === "before-commit") commits += 1;
  if (step === plan.step && commits === plan.number) process.kill(process.pid, "SIGKILL");
});

const { units } = openToyIn(plan.folder);
const nameOf = (number: number) => `unit-${String(number).padStart(2, "0")}`;

for (let burst = 0; ; burst++) {
  const first = burst * UNITS + 1;
  const numbers = Array.from({ length: UNITS }, (_, index) => first + index);
  await Promise.all([
    // The only one that gets the name is the very first; all others leave nothing.
    units.commit({ effects: [claim({ name: "first", owner: nameOf(first) })] }),
    units.commit({ effects: [write("refused"), settle({ id: "nobody", state: "PAID" })] }),
    units
      .commit({ effects: [write("failed"), put({ id: "x" }), put({ id: "x" })] })
      .catch(() => {}),
    ...numbers.map(async (number) => {
      const id = nameOf(number);
      const effects = [put({ id }), write(id), reach({ name: "units", to: number })];
      await units.commit({ effects });
      writeSync(1, `committed ${id}\n`);
    }),
  ]);
}

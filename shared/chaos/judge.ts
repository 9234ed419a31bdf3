import { hasTrend, MEMORY_LIMIT, type MemoryTrend, memoryTrends } from "@order-outbox/tool-kit";
import type { Finding } from "@order-outbox/verify";
import { type Check, check } from "./checks.ts";
import { NO_WAY_TO_FILL } from "./disk.ts";
import { SERVICE_NAMES } from "./faults.ts";
import { type ChaosRun, FINAL_WITHIN_MS } from "./run.ts";

/** A rate is a rate of some seconds: the last tick may be missing. */
const RATE_TOLERANCE = 0.99;
const KILLS_PER_MINUTE = 20;

/** Everything that has to hold, with what shows that it does not. */
export function judge(run: ChaosRun): Check[] {
  const { options, counts, wire } = run;
  return [
    check("running", `at least ${options.rate} orders a second were accepted`, rateOf(run)),
    check("running", "processes were killed 20 times a minute and more", killsOf(run)),
    check("running", "every fault of the plan was done", notDone(run)),
    check(
      "losses",
      `every order was final within ${FINAL_WITHIN_MS / 1000} s of the last fault`,
      run.finalAfterS === undefined ? [`${run.pending} were not`] : [],
    ),
    check(
      "losses",
      "every event was published and announced",
      run.drained ? [] : ["not all in time"],
    ),
    ...counts,
    ...wire.checks,
    check("audit", "`outbox verify` finds nothing in databases, topics and ledgers", [
      ...unexplained(run),
      ...run.verified.leftOut.map((what) => `not looked at: ${what}`),
    ]),
    check("running", "every service ended with 0 on SIGTERM", run.complaints),
    ...judgeMemory(run),
  ];
}

function rateOf({ options, attempts, loadSeconds }: ChaosRun): string[] {
  const accepted = attempts.flatMap(({ outcome }) =>
    outcome.kind === "accepted" ? [outcome.orderId] : [],
  );
  const orders = new Set(accepted).size;
  if (orders >= options.rate * loadSeconds * RATE_TOLERANCE) return [];
  return [`${(orders / loadSeconds).toFixed(1)} a second`];
}

function killsOf({ options, faults }: ChaosRun): string[] {
  const kills = faults.filter(({ fault, leftOut }) => fault.kind === "kill" && !leftOut).length;
  return kills >= options.minutes * KILLS_PER_MINUTE ? [] : [`${kills} kills`];
}

/** Where nothing can be mounted or limited there are no full disks; the report says so. */
function notDone({ faults, diskKind }: ChaosRun): string[] {
  const isFilled = faults.some(
    ({ fault, leftOut }) => fault.kind === "full-disk" && leftOut === undefined,
  );
  return faults.flatMap(({ name, leftOut }) => {
    const isExcused = leftOut === NO_WAY_TO_FILL && (isFilled || diskKind === "none");
    return leftOut === undefined || isExcused ? [] : [`${name}: ${leftOut}`];
  });
}

/** What `verify` found and the run does not explain. */
function unexplained({ verified, rebirths }: ChaosRun): string[] {
  return verified.findings
    .filter((finding) => !isRenumbered(finding, rebirths))
    .map(({ kind, message }) => `${kind}: ${message}`);
}

/**
 * Whether a result is out of order for `verify` only because the payments database was lost or put
 * back, and counts from a lower number since; `countEvents` looks at these.
 */
export function isRenumbered({ rule, subject }: Finding, rebirths: number): boolean {
  return rebirths > 0 && rule === "sequence" && subject.startsWith("payment_processed/");
}

function judgeMemory({ memory, loadSeconds }: ChaosRun): Check[] {
  if (!hasTrend(loadSeconds)) return [];
  const trends = memoryTrends(memory, loadSeconds);
  const unseen = SERVICE_NAMES.filter((name) => trends.every((trend) => trend.name !== name));
  return [
    check(
      "running",
      `no process has more than ${MEMORY_LIMIT} times the memory of its third minute in the last`,
      [...unseen.map((name) => `${name}: not measured`), ...trends.flatMap(growthOf)],
    ),
  ];
}

function growthOf({ name, thirdMinute, lastMinute }: MemoryTrend): string[] {
  if (thirdMinute === undefined) return [`${name}: not measured in the third minute`];
  if (lastMinute === undefined) return [`${name}: not measured in the last minute`];
  if (lastMinute <= thirdMinute * MEMORY_LIMIT) return [];
  return [`${name}: ${lastMinute.toFixed(0)} MiB after ${thirdMinute.toFixed(0)} MiB`];
}

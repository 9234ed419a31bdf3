import { expect, test } from "bun:test";
import type { Finding } from "@order-outbox/verify";
import { check } from "./checks.ts";
import { NO_WAY_TO_FILL } from "./disk.ts";
import type { DoneFault } from "./inject.ts";
import { isRenumbered, judge } from "./judge.ts";
import type { ChaosRun } from "./run.ts";

const NAMES = ["order-service", "payment-service", "notification-service", "broker"];
const accepted = (number: number) => ({
  ...{ customerId: `customer-${number}`, amount: 1 },
  outcome: { kind: "accepted", orderId: `order-${number}` } as const,
});
const kill = (leftOut?: string): DoneFault => ({
  ...{ name: "kill broker", fault: { kind: "kill", target: "broker", downMs: 0 } },
  ...(leftOut === undefined ? {} : { leftOut }),
});
const fullDisk = (leftOut?: string): DoneFault => ({
  name: "full disk, order-service",
  fault: { kind: "full-disk", target: "order-service", lastsMs: 1 },
  ...(leftOut === undefined ? {} : { leftOut }),
});
const times = <Item>(count: number, item: (number: number) => Item) =>
  Array.from({ length: count }, (_, number) => item(number));
/** Every two seconds for five minutes; `mib` by the second. */
const memoryOf = (name: string, mib: (atS: number) => number = () => 100) =>
  times(150, (number) => ({ name, atS: 2 * number, mib: mib(2 * number) }));

/** Five minutes of two orders a second in which everything held. */
const HEALTHY: ChaosRun = {
  options: { minutes: 5, seed: 1, broker: "dev", rate: 2, report: undefined, keep: false },
  seconds: 310,
  loadSeconds: 300,
  attempts: times(600, accepted),
  faults: times(100, () => kill()),
  recoveries: [],
  memory: NAMES.flatMap((name) => memoryOf(name)),
  finalAfterS: 1,
  pending: 0,
  drained: true,
  crashes: [],
  complaints: [],
  diskKind: "tmpfs",
  rebirths: 0,
  wire: { checks: [], records: 1_200, repeats: 0 },
  counts: [],
  verified: { findings: [], leftOut: [] },
};

/** What the judge finds in a run that was healthy but for this, with its concern. */
const brokenBy = (changes: Partial<ChaosRun>) =>
  judge({ ...HEALTHY, ...changes }).flatMap(({ concern, violations }) =>
    violations.map((violation) => `${concern}: ${violation}`),
  );

const finding = (rule: string, subject: string): Finding => ({
  ...{ kind: "out-of-order", rule, subject, message: `${subject} is late`, orderId: null },
});
const RESULT = finding("sequence", "payment_processed/1/2");

const BROKEN: [name: string, changes: Partial<ChaosRun>, violations: string[]][] = [
  ["orders that came too slowly", { attempts: times(593, accepted) }, ["running: 2.0 a second"]],
  [
    "one order that was answered again and again",
    { attempts: times(600, () => accepted(1)) },
    ["running: 0.0 a second"],
  ],
  [
    "orders that were refused",
    {
      attempts: times(600, (number) => ({
        ...accepted(number),
        outcome: { kind: "refused", status: 503, retryAfterMs: 0 },
      })),
    },
    ["running: 0.0 a second"],
  ],
  ["too few kills", { faults: times(99, () => kill()) }, ["running: 99 kills"]],
  [
    "kills that were not done",
    { faults: [...times(99, () => kill()), kill("no such process")] },
    ["running: 99 kills", "running: kill broker: no such process"],
  ],
  [
    "a fault that was not done",
    { faults: [...HEALTHY.faults, fullDisk(), fullDisk("EIO")] },
    ["running: full disk, order-service: EIO"],
  ],
  [
    "disks of which none was filled, though they could be",
    { faults: [...HEALTHY.faults, fullDisk(NO_WAY_TO_FILL)] },
    [`running: full disk, order-service: ${NO_WAY_TO_FILL}`],
  ],
  [
    "orders that were not final in time",
    { finalAfterS: undefined, pending: 3 },
    ["losses: 3 were not"],
  ],
  [
    "events that were not published and announced in time",
    { drained: false },
    ["losses: not all in time"],
  ],
  [
    "what was counted in databases and ledgers",
    { counts: [check("losses", "all is well", ["order a has 0 charges"])] },
    ["losses: order a has 0 charges"],
  ],
  [
    "what was counted in the topics",
    { wire: { ...HEALTHY.wire, checks: [check("duplicates", "all is well", ["order a twice"])] } },
    ["duplicates: order a twice"],
  ],
  [
    "what `verify` found",
    { verified: { findings: [finding("status", "a")], leftOut: [] } },
    ["audit: out-of-order: a is late"],
  ],
  [
    "a `verify` that could not look",
    { verified: { findings: [], leftOut: ["the topics: no answer"] } },
    ["audit: not looked at: the topics: no answer"],
  ],
  [
    "results out of order though their database stayed",
    { verified: { findings: [RESULT], leftOut: [] } },
    ["audit: out-of-order: payment_processed/1/2 is late"],
  ],
  [
    "a service that did not end with 0",
    { complaints: ["order-service ended with 1"] },
    ["running: order-service ended with 1"],
  ],
  [
    "memory that grew",
    { memory: [...HEALTHY.memory, ...memoryOf("grown", (atS) => (atS < 240 ? 100 : 121))] },
    ["running: grown: 121 MiB after 100 MiB"],
  ],
  [
    "memory that nobody measured",
    { memory: HEALTHY.memory.filter(({ name }) => name !== "payment-service") },
    ["running: payment-service: not measured"],
  ],
  [
    "memory that was not measured in the last minute",
    { memory: HEALTHY.memory.filter(({ name, atS }) => name !== "broker" || atS < 200) },
    ["running: broker: not measured in the last minute"],
  ],
  [
    "memory that was not measured in the third minute",
    { memory: HEALTHY.memory.filter(({ name, atS }) => name !== "broker" || atS >= 180) },
    ["running: broker: not measured in the third minute"],
  ],
];

test.each(BROKEN)("%s: the judge finds it, and nothing else", (_, changes, violations) => {
  expect(brokenBy(changes)).toEqual(violations);
});

const FINE: [name: string, changes: Partial<ChaosRun>][] = [
  ["a healthy run", {}],
  ["the last tick's orders that are missing", { attempts: times(594, accepted) }],
  [
    "disks that nothing could fill",
    { faults: [...HEALTHY.faults, fullDisk(NO_WAY_TO_FILL)], diskKind: "none" },
  ],
  [
    "one of several disks that was not filled",
    { faults: [...HEALTHY.faults, fullDisk(), fullDisk(NO_WAY_TO_FILL)] },
  ],
  [
    "results that were renumbered with their database",
    { verified: { findings: [RESULT], leftOut: [] }, rebirths: 1 },
  ],
  ["processes that ended unasked, which the report tells", { crashes: ["order-service: 1"] }],
  [
    "memory at the limit",
    { memory: NAMES.flatMap((name) => memoryOf(name, (atS) => (atS < 240 ? 100 : 120))) },
  ],
  ["a short run, whose memory has no trend", { loadSeconds: 239, memory: [] }],
];

test.each(FINE)("%s: the judge finds nothing", (_, changes) => {
  expect(brokenBy(changes)).toEqual([]);
});

test("only results are excused for a lower number, and only after their database was replaced", () => {
  expect(isRenumbered(RESULT, 1)).toBe(true);
  expect(isRenumbered(RESULT, 0)).toBe(false);
  expect(isRenumbered(finding("sequence", "order_created/1/2"), 1)).toBe(false);
  expect(isRenumbered(finding("no-charge", "payment_processed/1/2"), 1)).toBe(false);
});

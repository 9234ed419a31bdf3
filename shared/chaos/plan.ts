import { createRandom, type Random } from "@order-outbox/tool-kit";
import type { Fault, PlannedFault, ProcessName } from "./faults.ts";
import { durationOf, SERVICE_NAMES } from "./faults.ts";

/** Time from one fault to the next of its track. */
const EVERY_MS = { kill: 2_250, pause: 9_000, network: 8_000, disk: 14_000, database: 220_000 };
/** Each 12th kill is the broker's. */
const KILLS_PER_BROKER_KILL = 12;
/** Consumers lose their session after 6 s, and requests time out after 8 s: some faults are longer. */
const SESSION_LOST_MS = 6_500;
const REQUEST_LOST_MS = 8_500;

/**
 * A long run is calm for most of its third minute, as every run is at its end: only so does the
 * memory of its last minute compare with something, because a process that is killed every few
 * seconds never grows to the size that it has at work.
 */
export const CALM = { fromMs: 130_000, toMs: 180_000, inRunsFromMs: 240_000 };

/**
 * The faults of a run: a pure function of seed and length. Every kind occurs in a run of a minute
 * and more; all are over after `lengthMs`, if the machine keeps up.
 */
export function planFaults(seed: number, lengthMs: number): PlannedFault[] {
  const track = (name: keyof typeof EVERY_MS, rounds: number, next: (random: Random) => Fault) => {
    const random = createRandom(seed, name);
    const everyMs = Math.min(EVERY_MS[name], lengthMs / rounds);
    const faults: PlannedFault[] = [];
    for (let slot = 0; (slot + 1) * everyMs <= lengthMs; slot++) {
      const fault = next(random);
      const latest = Math.max(0, lengthMs - durationOf(fault));
      const atMs = Math.min((slot + random.between(0, 0.8)) * everyMs, latest);
      faults.push({ atMs: Math.round(atMs), fault });
    }
    return faults;
  };
  return [
    ...track("kill", 1, kills()),
    ...track("pause", 5, pauses()),
    ...track("network", 8, networkFaults()),
    ...track("disk", 6, diskFaults()),
    ...databaseFaults(lengthMs),
  ]
    .filter((planned) => lengthMs < CALM.inRunsFromMs || !disturbsCalm(planned))
    .sort((a, b) => a.atMs - b.atMs);
}

const disturbsCalm = ({ atMs, fault }: PlannedFault): boolean =>
  atMs < CALM.toMs && atMs + durationOf(fault) > CALM.fromMs;

function kills(): (random: Random) => Fault {
  const services = inRounds<ProcessName>(SERVICE_NAMES);
  let count = 0;
  return (random) => {
    count += 1;
    if (count % KILLS_PER_BROKER_KILL === 4) {
      return { kind: "kill", target: "broker", downMs: wholeMs(random, 200, 3_000) };
    }
    const downMs = random.chance(0.7) ? 0 : wholeMs(random, 100, 1_500);
    return { kind: "kill", target: services(random), downMs };
  };
}

function pauses(): (random: Random) => Fault {
  const targets = inRounds<ProcessName>([...SERVICE_NAMES, "broker"]);
  return (random) => {
    const target = targets(random);
    const isBroker = target === "broker";
    const least = isBroker ? REQUEST_LOST_MS : SESSION_LOST_MS;
    const lastsMs = random.chance(isBroker ? 0.15 : 0.25)
      ? wholeMs(random, least, least + 2_000)
      : wholeMs(random, 300, 2_500);
    return { kind: "pause", target, lastsMs };
  };
}

function networkFaults(): (random: Random) => Fault {
  const kinds = inRounds([
    "refuse",
    "delay",
    "cut",
    "half-open",
    "slow",
    "only requests",
    "only answers",
  ] as const);
  return (random) => {
    const lastsMs = random.chance(0.12)
      ? wholeMs(random, REQUEST_LOST_MS, REQUEST_LOST_MS + 2_000)
      : wholeMs(random, 500, 4_000);
    const rest = { kind: "network", cut: random.chance(0.3), lastsMs } as const;
    const kind = kinds(random);
    switch (kind) {
      case "cut":
        return { kind };
      case "refuse":
        return { ...rest, cut: true, fault: { kind } };
      case "delay":
        return { ...rest, fault: { kind, ms: wholeMs(random, 20, 400) } };
      case "half-open":
        return { ...rest, fault: { kind } };
      case "slow":
        return { ...rest, fault: { kind, bytesPerSecond: wholeMs(random, 5_000, 100_000) } };
      case "only requests":
        return { ...rest, fault: { kind: "one-way", passes: "requests" } };
      case "only answers":
        return { ...rest, fault: { kind: "one-way", passes: "answers" } };
    }
  };
}

function diskFaults(): (random: Random) => Fault {
  const faults = inRounds(
    SERVICE_NAMES.flatMap((target) => [
      { kind: "slow-disk", target } as const,
      { kind: "full-disk", target } as const,
    ]),
  );
  return (random) => {
    const fault = faults(random);
    const lastsMs = wholeMs(random, 2_000, 6_000);
    if (fault.kind === "full-disk") return { ...fault, lastsMs };
    return { ...fault, lastsMs, holdMs: wholeMs(random, 50, 400) };
  };
}

/** In each stretch of time one loss and one restored copy, with room to work them off. */
function databaseFaults(lengthMs: number): PlannedFault[] {
  const stretches = Math.max(1, Math.round(lengthMs / EVERY_MS.database));
  const stretchMs = lengthMs / stretches;
  return Array.from({ length: stretches }, (_, index) => {
    const at = (share: number) => Math.round((index + share) * stretchMs);
    return [
      { atMs: at(0.3), fault: { kind: "lose-database" } },
      {
        atMs: at(0.45),
        fault: { kind: "restore-database", ageMs: Math.round(0.2 * stretchMs) },
      },
    ] satisfies PlannedFault[];
  }).flat();
}

/** Each item once before any comes again, in another order each time. */
function inRounds<Item>(items: readonly Item[]): (random: Random) => Item {
  let left: Item[] = [];
  return (random) => {
    if (left.length === 0) left = random.shuffle(items);
    return left.pop() as Item;
  };
}

const wholeMs = (random: Random, least: number, most: number): number =>
  Math.round(random.between(least, most));

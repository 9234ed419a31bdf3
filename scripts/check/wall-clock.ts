/** What a place in production code asks the time of day for. */
export interface WallClockUse {
  /** How often the file asks. */
  times: number;
  what: string;
}

const stamps = (what: string, times = 1): WallClockUse => ({ times, what });
const SERVICE = "createdAt, updatedAt, sentAt, processedAt and the like, and ages in /health";

/**
 * Where production code may ask for the time of day. Everything that lasts within a process goes by
 * `monotonic`; docs/design.md, "Clocks", says what a clock that is set does to each of these.
 */
export const WALL_CLOCK: Readonly<Record<string, WallClockUse>> = {
  "shared/bench/bench-command.ts": stamps("when the report was made"),
  "shared/bench/bare-producer.ts": stamps("the event's time"),
  "shared/bench/stock-producer.ts": stamps("publishedAt"),
  "shared/chaos/inject.ts": stamps("which records a lost database may number again, by their time"),
  "scripts/observability/faults.ts": stamps("createdAt"),
  "shared/operator-cli/desks.ts": stamps("what an operator decided when"),
  "shared/operator-cli/prune.ts": stamps("what is older than the operator says"),
  "shared/operator-cli/recover-orders.ts": stamps("the audit's time"),
  "shared/operator-cli/restore.ts": stamps("the name of what is set aside"),
  "shared/operator-cli/status.ts": stamps("ages to show"),
  "shared/verify/verify-system.ts": stamps("what is too young to be judged"),
  "shared/outside-world/open-channels.ts": stamps("when a message was sent"),
  "shared/outside-world/open-provider.ts": stamps("when a customer was charged"),
  "shared/dev-broker/apis/produce.ts": stamps("how far a batch's own time may be from it"),
  "shared/errors/clock.ts": stamps("what the other clocks begin with", 2),
  "shared/outbox/serve-worker.ts": stamps(
    "publishedAt, parkedAt, records' and the lease's time",
    3,
  ),
  "shared/service-kit/logs/logger.ts": stamps("the time of a line"),
  "shared/service-kit/metrics/outbox.ts": stamps("an age to show"),
  "shared/service/foundation.ts": stamps(SERVICE),
  "shared/telemetry/record-traces.ts": stamps("whether an event is too old to continue its trace"),
};

/** The same for the files of kafkajs that the patch leaves with the time of day. */
export const KAFKAJS_WALL_CLOCK: Readonly<Record<string, WallClockUse>> = {
  "instrumentation/event.js": stamps("when it happened, which nobody reads"),
  "loggers/index.js": stamps("the time of a line"),
  "protocol/message/v1/index.js": stamps("the default of a record's timestamp"),
  "protocol/recordBatch/v0/index.js": stamps("the defaults of a batch's timestamps", 2),
  "protocol/requests/offsetCommit/v1/request.js": stamps("a timestamp that the broker stores"),
  "protocol/requests/produce/v2/request.js": stamps("the default of a record's timestamp"),
  "protocol/requests/produce/v3/request.js": stamps("the default of a record's timestamp"),
};

const COMMENT = /^\s*(?:\/\/|\/?\*).*$/gm;
const ASKS = /\bDate\.now\b|\bnew Date(?:\(\s*\)|\b(?!\())|'now'|\bCURRENT_TIMESTAMP\b/g;

/** How often each file asks for the time of day; those that never do are not in it. */
export function countAsking(sources: ReadonlyMap<string, string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [path, source] of sources) {
    const times = source.replace(COMMENT, "").match(ASKS)?.length ?? 0;
    if (times > 0) counts.set(path, times);
  }
  return counts;
}

/** What differs between the list and the sources, a sentence each. */
export function findClockViolations(
  counts: ReadonlyMap<string, number>,
  listed: Readonly<Record<string, WallClockUse>>,
): string[] {
  const paths = new Set([...counts.keys(), ...Object.keys(listed)]);
  return [...paths].toSorted().flatMap((path) => {
    const found = counts.get(path) ?? 0;
    const expected = listed[path]?.times ?? 0;
    if (found === expected) return [];
    return [
      `${path} asks for the time of day ${found} times, ${expected} are listed in scripts/check/wall-clock.ts: what lasts goes by \`monotonic\`, what is stored or shown is listed with what it is for`,
    ];
  });
}

import { AppError } from "@order-outbox/errors";
import type { KafkaClient } from "./client.ts";
import { describeTopics } from "./topics-setup.ts";

const AHEAD = "message.timestamp.after.max.ms";
const BEHIND = "message.timestamp.before.max.ms";

/** How far a record's time was from the broker's, in milliseconds; negative when it was behind. */
export interface ClockDeviation {
  ms: number;
  /** Whether it is at least that, because the topic's limit is not known. */
  atLeast: boolean;
}

/**
 * What a broker's words for INVALID_TIMESTAMP tell of the clocks; undefined when they tell nothing.
 *
 * @param limits how far ahead and behind the topic lets a time be, where that is known
 */
export function readDeviation(
  words: string | null | undefined,
  limits: { aheadMs?: number | undefined; behindMs?: number | undefined },
): ClockDeviation | undefined {
  const found = /Timestamp (\d+) .* within \[(-?\d+), (-?\d+)\]/.exec(words ?? "");
  if (found === null) return undefined;
  const [time = 0, earliest = 0, latest = 0] = found.slice(1).map(Number);
  return time > latest
    ? { ms: time - latest + (limits.aheadMs ?? 0), atLeast: limits.aheadMs === undefined }
    : { ms: time - earliest - (limits.behindMs ?? 0), atLeast: limits.behindMs === undefined };
}

/** `error`, which is CLOCK_REFUSED, with how far the clocks are apart, as far as it can be known. */
export async function explainClock(
  client: KafkaClient,
  topic: string,
  error: AppError,
  words: string | null | undefined,
): Promise<AppError> {
  const deviation = readDeviation(words, await readLimits(client, topic));
  const clocks = describeDeviation(deviation);
  return new AppError("CLOCK_REFUSED", `${error.message}: ${clocks}`, {
    details: { ...error.details, ...(deviation && { deviationMs: deviation.ms }) },
  });
}

function describeDeviation(deviation: ClockDeviation | undefined): string {
  const wrong = "one of them is wrong; publishing goes on by itself when it is right";
  if (deviation === undefined) {
    return `this machine's clock and the broker's are further apart than the topic's ${AHEAD} or ${BEHIND}, ${wrong}`;
  }
  const { ms, atLeast } = deviation;
  const distance = `${atLeast ? "at least " : ""}${formatSpan(Math.abs(ms))}`;
  return `this machine's clock is ${distance} ${ms > 0 ? "ahead of" : "behind"} the broker's, ${wrong}`;
}

function formatSpan(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 48 * 60 ? `${minutes} min` : `${Math.round(minutes / 1_440)} days`;
}

async function readLimits(client: KafkaClient, topic: string) {
  const configs = { [AHEAD]: "", [BEHIND]: "" };
  const states = await describeTopics(client, [{ topic, partitions: 0, configs }]).catch(() => {});
  const limit = (name: string) => {
    const value = states?.get(topic)?.configs[name];
    return value ? Number(value) : undefined;
  };
  return { aheadMs: limit(AHEAD), behindMs: limit(BEHIND) };
}

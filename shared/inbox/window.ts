import type { TopicRetention } from "@order-outbox/kafka";

/** What is to be done with old inbox rows, and why. */
export type InboxWindow =
  /** Rows go this many milliseconds after their events took effect. */
  | { state: "pruning"; keepMs: number; reason: string }
  /** Nothing goes, because topics keep their records for ever, or because it is not known. */
  | { state: "keeping"; reason: string }
  /** Nothing goes, because the setting would forget events that can still come again. */
  | { state: "refused"; reason: string };

/** What the inbox must outlive its topics by: clocks differ, and brokers delete from time to time. */
export const MARGIN_MS = 86_400_000;

/**
 * How long an inbox has to remember: as long as a topic keeps a record, and a margin.
 *
 * @param setting `INBOX_RETENTION` in milliseconds; undefined: as short as the topics allow
 * @param retentions of the consumed topics; undefined where the broker does not tell
 */
export function decideWindow(
  setting: number | undefined,
  retentions: ReadonlyMap<string, TopicRetention | undefined>,
): InboxWindow {
  let longest: { topic: string; retention: TopicRetention } | undefined;
  const untold: string[] = [];
  for (const [topic, retention] of retentions) {
    if (retention === undefined) untold.push(topic);
    else if (longest === undefined || keepsMs(retention) > keepsMs(longest.retention)) {
      longest = { topic, retention };
    }
  }
  const neededMs = longest === undefined ? MARGIN_MS : keepsMs(longest.retention) + MARGIN_MS;
  const explicit = setting !== undefined;

  if (explicit && longest !== undefined && setting < neededMs) {
    return { state: "refused", reason: sum(setting, longest.topic, longest.retention) };
  }
  if (untold.length > 0 || longest === undefined) {
    const reason = `the broker does not tell how long ${untold.join(" and ")} keeps records: inbox rows are kept`;
    return { state: "keeping", reason };
  }
  const { topic, retention } = longest;
  if (neededMs === Number.POSITIVE_INFINITY) {
    return { state: "keeping", reason: `${keeps(topic, retention)}, and so does the inbox` };
  }
  const keepMs = setting ?? neededMs;
  const reason = explicit
    ? `INBOX_RETENTION is ${formatDuration(keepMs)}`
    : `${keeps(topic, retention)}, and the margin is ${formatDuration(MARGIN_MS)}`;
  return { state: "pruning", keepMs, reason };
}

const keepsMs = ({ retentionMs, segmentMs }: TopicRetention): number => retentionMs + segmentMs;

function sum(setting: number, topic: string, retention: TopicRetention): string {
  const neededMs = keepsMs(retention) + MARGIN_MS;
  const begin = `INBOX_RETENTION is ${formatDuration(setting)}, but ${keeps(topic, retention)}`;
  return neededMs === Number.POSITIVE_INFINITY
    ? `${begin}: unset it, or the inbox would forget events that can still come again`
    : `${begin} and needs a margin of ${formatDuration(MARGIN_MS)}: at least ${formatDuration(neededMs)}, or the inbox would forget events that can still come again`;
}

function keeps(topic: string, retention: TopicRetention): string {
  const { retentionMs, segmentMs } = retention;
  const total = keepsMs(retention);
  if (total === Number.POSITIVE_INFINITY) return `${topic} keeps records for ever`;
  const parts =
    segmentMs === 0
      ? ""
      : ` (retention.ms ${formatDuration(retentionMs)} + segment.ms ${formatDuration(segmentMs)})`;
  return `${topic} keeps records for ${formatDuration(total)}${parts}`;
}

/** `8d`, `36h`, `90m`, `61s`: the largest unit that divides it, rounded up to whole seconds. */
export function formatDuration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  for (const [unit, size] of [
    ["d", 86_400],
    ["h", 3_600],
    ["m", 60],
  ] as const) {
    if (seconds >= size && seconds % size === 0) return `${seconds / size}${unit}`;
  }
  return `${seconds}s`;
}

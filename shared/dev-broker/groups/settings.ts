/** The bounds that a coordinator holds groups and members to. Times are in milliseconds. */
export interface Limits {
  /** How long the first members of an empty group wait for others. */
  readonly initialRebalanceDelayMs: number;
  readonly minSessionTimeoutMs: number;
  readonly maxSessionTimeoutMs: number;
  /** How long a member may be parked by its first join, before it has ever got an answer. */
  readonly newMemberJoinTimeoutMs: number;
  /** Members and given-out ids of one group. */
  readonly maxGroupSize: number;
  /** Groups held in memory. */
  readonly maxGroups: number;
  /** Characters of a committed offset's metadata. */
  readonly maxOffsetMetadata: number;
}

/** Kafka's defaults, but for the initial delay (3000 there), which a single developer only waits for. */
export const DEFAULT_LIMITS: Limits = {
  initialRebalanceDelayMs: 0,
  minSessionTimeoutMs: 6_000,
  maxSessionTimeoutMs: 1_800_000,
  newMemberJoinTimeoutMs: 300_000,
  maxGroupSize: 1_000,
  maxGroups: 10_000,
  maxOffsetMetadata: 4_096,
};

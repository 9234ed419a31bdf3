/** What can be wrong with an order or an event. */
export const KINDS = [
  /** Something that follows from what is stored is nowhere, and nothing will make it. */
  "lost",
  /** Something was done, sent or published more often than once. */
  "doubled",
  /** A first delivery, or an effect, came before one that precedes it. */
  "out-of-order",
  /** Something has not happened yet, and it is known where it waits. */
  "stuck",
  /** Two records of the same fact disagree. */
  "contradicting",
  /** Something belongs to an order that is not stored, or an event to no outbox of ours. */
  "unknown",
] as const;

export type Kind = (typeof KINDS)[number];

/** One thing that is wrong. */
export interface Finding {
  kind: Kind;
  /** Which check found it. */
  rule: string;
  /** What it is about; rule and subject together name a finding, also in the next run. */
  subject: string;
  /** A sentence for people. */
  message: string;
  orderId: string | null;
}

/** Which orders were judged. */
export interface OrderCounts {
  /** Those that were accepted until the cutoff, and younger ones that have come to their end. */
  judged: number;
  /** Accepted after the cutoff, and still on their way as far as was seen: not judged. */
  younger: number;
  /** Of these, accepted at a time that has not come yet: by a clock that was ahead. */
  ahead: number;
}

/** What a verification found. */
export interface Report {
  /** ISO 8601. */
  startedAt: string;
  /** Orders accepted later than this were judged only when they had come to their end; ISO 8601. */
  cutoff: string;
  orders: OrderCounts;
  /** Records in the topics; null when they were not read. */
  records: number | null;
  /** Records whose event id stood in the topic before: allowed, because publishing may repeat. */
  repeatsOnTheWire: number;
  counts: Record<Kind, number>;
  findings: Finding[];
  /** What lies outside of the window that could be looked into. */
  notes: string[];
  /** What should have been checked and could not be, and why. */
  leftOut: string[];
}

/** Names a finding, so that two looks can be compared. */
export const identityOf = ({ rule, subject }: Finding): string => `${rule} ${subject}`;

/** How many findings there are of each kind. */
export function countKinds(findings: readonly Finding[]): Record<Kind, number> {
  const counts = Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Record<Kind, number>;
  for (const { kind } of findings) counts[kind] += 1;
  return counts;
}

/** Each finding once, under the name of the first. */
export function distinct(findings: Iterable<Finding>): Finding[] {
  const named = new Map<string, Finding>();
  for (const finding of findings) {
    const name = identityOf(finding);
    if (!named.has(name)) named.set(name, finding);
  }
  return [...named.values()];
}

/** Those of the second look that the first one had, too. */
export function confirmed(first: readonly Finding[], second: readonly Finding[]): Finding[] {
  const names = new Set(first.map(identityOf));
  return second.filter((finding) => names.has(identityOf(finding)));
}

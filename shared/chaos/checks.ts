/** What a check is about, to be summed up; the audit finds again what the others find. */
export type Concern = "losses" | "duplicates" | "reorderings" | "audit" | "running";

/** One thing that has to hold after a run. */
export interface Check {
  concern: Concern;
  /** What holds, as a sentence. */
  name: string;
  /** What shows that it does not; empty when it does. */
  violations: readonly string[];
}

export function check(concern: Concern, name: string, violations: readonly string[]): Check {
  return { concern, name, violations };
}

export const holds = ({ violations }: Check): boolean => violations.length === 0;

/** How much was found about a concern. */
export function countOf(checks: readonly Check[], concern: Concern): number {
  return checks
    .filter((one) => one.concern === concern)
    .reduce((sum, { violations }) => sum + violations.length, 0);
}

/** The first few violations, and how many more there are. */
export function someOf({ violations }: Check, most = 10): string[] {
  const shown = violations.slice(0, most);
  const more = violations.length - shown.length;
  return more > 0 ? [...shown, `and ${more} more`] : shown;
}

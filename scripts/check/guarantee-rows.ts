/** A row of docs/guarantees.md. */
export interface Guarantee {
  promise: string;
  /** `FILE › NAME`, as mutants have it. */
  test: string;
  /** Whether the row says that `bun run test` leaves its test out. */
  saysFullProof: boolean;
  /** Names of the mutants that the test notices. */
  mutants: string[];
}

const FULL = " (`PROOF=full`)";

/** Reads the page's table of what is promised. */
export function readGuarantees(page: string): Guarantee[] {
  const promised = page.split("\n## Not promised")[0] ?? "";
  return promised
    .split("\n")
    .filter((line) => line.startsWith("| ") && !/^\| (promise|---)/.test(line))
    .map((line) => {
      const [promise = "", proof = "", mutants = ""] = line.slice(2).split(/ \|(?: |$)/);
      return {
        promise,
        test: proof.replace(FULL, "").replaceAll("`", ""),
        saysFullProof: proof.endsWith(FULL),
        mutants: [...mutants.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
      };
    });
}

/** How many things a promise says: its sentences, and what semicolons set apart. */
export const countSentences = (promise: string): number =>
  promise.split(/[.;](?:\s|$)/).filter(Boolean).length;

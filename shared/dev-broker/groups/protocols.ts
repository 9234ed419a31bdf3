import type { Protocol } from "./requests.ts";

/** The part of a member that the choice of a protocol depends on. */
interface Voter {
  readonly protocols: readonly Protocol[];
}

/** The names of the protocols that every one of `voters` supports. */
export function commonProtocols(voters: readonly Voter[]): ReadonlySet<string> {
  const sets = voters.map(({ protocols }) => new Set(protocols.map(({ name }) => name)));
  const [first = new Set<string>(), ...others] = sets;
  return others.reduce((common, names) => common.intersection(names), first);
}

/**
 * The protocol of the next generation: among those that all support, each member votes for the one
 * it prefers, and a tie goes to the protocol that was voted for first.
 */
export function chooseProtocol(voters: readonly Voter[]): string | null {
  const common = commonProtocols(voters);
  const votes = new Map<string, number>();
  for (const { protocols } of voters) {
    const vote = protocols.find(({ name }) => common.has(name));
    if (vote) votes.set(vote.name, (votes.get(vote.name) ?? 0) + 1);
  }
  const most = Math.max(...votes.values());
  return [...votes].find(([, count]) => count === most)?.[0] ?? null;
}

/** Whether `protocols` leave a common protocol with all of `others`. */
export function isCompatible(protocols: readonly Protocol[], others: readonly Voter[]): boolean {
  return commonProtocols([{ protocols }, ...others]).size > 0;
}

/** Whether a member says the same as before: names, order and metadata. */
export function sameProtocols(before: readonly Protocol[], now: readonly Protocol[]): boolean {
  return (
    before.length === now.length &&
    before.every(({ name, metadata }, index) => {
      const other = now[index];
      return other?.name === name && Buffer.compare(other.metadata, metadata) === 0;
    })
  );
}

/** What a member said under `name`; empty if nothing. */
export function metadataFor(protocols: readonly Protocol[], name: string | null): Uint8Array {
  return protocols.find((protocol) => protocol.name === name)?.metadata ?? NO_BYTES;
}

export const NO_BYTES = new Uint8Array(0);

/** Numbers that look random and follow from a seed alone. */
export interface Random {
  /** From `least` up to but not including `most`. */
  between(least: number, most: number): number;
  pick<Item>(items: readonly Item[]): Item;
  shuffle<Item>(items: readonly Item[]): Item[];
  /** Whether something of this probability happens. */
  chance(probability: number): boolean;
}

/** Mulberry32 (Tommy Ettinger, public domain): 32 bits of state are plenty for a plan. */
export function createRandom(seed: number, stream = ""): Random {
  let state = Number(BigInt.asUintN(32, BigInt(Bun.hash(`${seed}/${stream}`))));
  function next(): number {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
  const between = (least: number, most: number) => least + next() * (most - least);
  const indexBelow = (length: number) => Math.floor(next() * length);
  return {
    between,
    pick(items) {
      const item = items[indexBelow(items.length)];
      if (item === undefined) throw new Error("nothing to pick from");
      return item;
    },
    shuffle(items) {
      const left = [...items];
      return items.flatMap(() => left.splice(indexBelow(left.length), 1));
    },
    chance: (probability) => next() < probability,
  };
}

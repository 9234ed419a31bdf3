import fc from "fast-check";

const HALVES_OF_PAIRS = { first: 0xd800, count: 0x800 };

/**
 * Any character of Unicode, as a unit of texts. fast-check's own `unit: "binary"` is the same, and
 * takes half a second to be made.
 */
export const anyCharacter: fc.Arbitrary<string> = fc
  .nat(0x10ffff - HALVES_OF_PAIRS.count)
  .map((n) => String.fromCodePoint(n < HALVES_OF_PAIRS.first ? n : n + HALVES_OF_PAIRS.count));

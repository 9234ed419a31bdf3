import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** How a test that exists is run. */
export interface DeclaredTest {
  /** Whether `bun run test` leaves it out, because it needs `PROOF=full`. */
  needsFullProof: boolean;
}

const FULL_PROOF = /PROOF === "full"|\bfullProof\b/;
/** What some condition that is not the proof's length may leave out. */
const NEVER = /\.(skip|todo)\($/;

const CONTRACTS = /from "(\.\.?\/test-[\w-]+-contract\.ts)"/g;

/**
 * Finds a test by its name, in which `…` stands for what a template fills in: in the file, or in the
 * contract suites that the file runs on an implementation.
 */
export function findTest(root: string, file: string, name: string): DeclaredTest | undefined {
  const path = resolve(root, file);
  if (!existsSync(path)) return undefined;
  const own = readFileSync(path, "utf8");
  const contracts = [...own.matchAll(CONTRACTS)].flatMap(([, contract]) => contract ?? []);
  return contracts.reduce<DeclaredTest | undefined>(
    (found, contract) => found ?? findTest(dirname(path), contract, name),
    findIn(own, name),
  );
}

function findIn(text: string, name: string): DeclaredTest | undefined {
  const source = text.replace(/\$\{[^}]*\}/g, "…");
  const start = ['"', "`", "'"]
    .map((quote) => source.indexOf(`${quote}${name}${quote}`))
    .find((index) => index >= 0);
  return start === undefined ? undefined : readDeclaration(source, start);
}

/**
 * Reads backward from a test's name to its call, and from there to the blocks that it stands in:
 * Biome formats the files, so what encloses a line is indented less.
 */
function readDeclaration(source: string, start: number): DeclaredTest | undefined {
  const lines = source.slice(0, start).split("\n");
  const heads: string[] = [];
  let indentation = Number.POSITIVE_INFINITY;
  for (const line of lines.toReversed()) {
    const own = line.search(/\S|$/);
    if (line.trim() === "" || own > indentation) continue;
    // A closing bracket belongs to what was opened at the same indentation.
    if (own === indentation && !/^[\])}]/.test(heads.at(-1) ?? "")) continue;
    indentation = own;
    heads.push(line.trim());
  }
  const call = heads.find((head) => /^[\w.]+\(/.test(head));
  if (call === undefined || NEVER.test(call)) return undefined;
  const conditions = heads.filter((head) => /^[\w.]*(test|describe|proof)\w*\b.*\(/i.test(head));
  const [, called = ""] = /^(\w+)/.exec(call) ?? [];
  return {
    needsFullProof: [call, ...conditions, called].some(
      (text) => FULL_PROOF.test(text) || namesFor(source).some((name) => isIn(text, name)),
    ),
  };
}

/** What a file calls the full proof, or a test of it. */
const namesFor = (source: string): string[] =>
  [...source.matchAll(/^const (\w+) = (.*)/gm)].flatMap(([, name = "", value = ""]) =>
    FULL_PROOF.test(value) && !/\[|\d/.test(value) ? [name] : [],
  );

const isIn = (text: string, name: string): boolean => new RegExp(`\\b${name}\\b`).test(text);

/** A pattern for `bun test -t` that takes a test of this name and no other. */
export function namePattern(name: string): string {
  return `${name
    .split(/…|%[a-zA-Z#]/)
    .map((text) => RegExp.escape(text))
    .join(".*")}$`;
}

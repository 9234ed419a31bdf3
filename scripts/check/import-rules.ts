/** A source file and what it imports. */
export interface SourceFile {
  /** Relative to the repository, with forward slashes. */
  path: string;
  imports: readonly string[];
}

const OURS = "@order-outbox/";
const LEAVES = ["errors"];
const BASE = [...LEAVES, "units", "contracts", "sqlite", "kafka"];

/** What production code of each shared package may import of ours. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  output: [],
  contracts: LEAVES,
  units: LEAVES,
  sqlite: [...LEAVES, "units"],
  kafka: LEAVES,
  "dev-broker": LEAVES,
  registry: ["contracts"],
  outbox: BASE,
  inbox: BASE,
  "service-kit": [...BASE, "output"],
  // It adapts what those three let others observe; they know nothing of it.
  telemetry: [...BASE, "outbox", "inbox", "service-kit"],
};

/** Of these packages only the folder `sqlite` knows of a database; everything else knows interfaces. */
const WITH_STORES = ["outbox"];

/** Only tests and scripts may import these. */
const FOR_TESTS = ["testing", "dev-broker", "registry"];

/**
 * The imports that break the layering of docs/design.md: services never import each other, shared
 * packages never import a service and only the packages below them, nobody reaches past a
 * package's `mod.ts`, relays know no database, and relative imports say `.ts`.
 */
export function findImportViolations(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, imports }) =>
    imports.flatMap((target) => {
      const reason = judge(path, target);
      return reason === undefined ? [] : [`${path}: ${target} (${reason})`];
    }),
  );
}

function judge(path: string, target: string): string | undefined {
  if (knowsDatabase(path, target)) return "only the folder sqlite and mod.ts know of a database";
  if (target.startsWith(".")) return judgeRelative(path, target);
  if (!target.startsWith(OURS)) return undefined;
  const name = target.slice(OURS.length);
  if (name.includes("/")) return "import a package by its name: its face is mod.ts";
  if (isTestOrScript(path)) return undefined;
  const [root, folder = ""] = path.split("/");
  if (name.endsWith("-service")) return "nobody imports a service";
  if (FOR_TESTS.includes(name)) return "only tests and scripts import this package";
  if (root === "shared" && !ALLOWED[folder]?.includes(name)) {
    return `shared/${folder} may not import shared/${name}`;
  }
  return undefined;
}

function knowsDatabase(path: string, target: string): boolean {
  const [root, folder = "", place = ""] = path.split("/");
  if (root !== "shared" || !WITH_STORES.includes(folder) || isTestOrScript(path)) return false;
  if (place === "sqlite") return false;
  const isStore = target.startsWith("./sqlite/") && place !== "mod.ts";
  return isStore || target === "bun:sqlite" || target === `${OURS}sqlite`;
}

function judgeRelative(path: string, target: string): string | undefined {
  const { pathname } = new URL(target, `file:///${path}`);
  const packageOf = (file: string) =>
    file.startsWith("scripts/") ? "scripts" : file.split("/").slice(0, 2).join("/");
  if (!/\.(ts|json)$/.test(target)) return "relative imports name the file, with .ts";
  if (packageOf(pathname.slice(1)) !== packageOf(path)) return "leaves its package";
  return undefined;
}

const isTestOrScript = (path: string): boolean =>
  path.startsWith("scripts/") ||
  path.startsWith("shared/testing/") ||
  /(\.test|-fixture|\/test-[^/]*)\.ts$/.test(path);

/** A source file and what it imports. */
export interface SourceFile {
  /** Relative to the repository, with forward slashes. */
  path: string;
  imports: readonly string[];
}

const OURS = "@order-outbox/";
const LEAVES = ["errors"];
const BASE = [...LEAVES, "events", "units", "sqlite", "kafka"];

/** What production code of each package that knows no tool may import of ours. */
const ENGINE_AND_SHOP: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  crc32c: [],
  output: [],
  events: LEAVES,
  contracts: ["events"],
  units: LEAVES,
  operator: [],
  sqlite: [...LEAVES, "units"],
  kafka: [...LEAVES, "crc32c"],
  "dev-broker": [...LEAVES, "crc32c"],
  outbox: [...BASE, "operator"],
  inbox: [...BASE, "operator"],
  "service-kit": [...BASE, "operator", "output"],
  // It adapts what those three let others observe; they know nothing of it.
  telemetry: [...BASE, "outbox", "inbox", "service-kit"],
  service: [...BASE, "operator", "outbox", "inbox", "service-kit", "telemetry"],
  "outside-world": ["errors", "sqlite", "telemetry"],
};

const TOOL_BASE = [
  "contracts",
  "errors",
  "events",
  "kafka",
  "registry",
  "tool-kit",
  "topic-reader",
];
const OPERATOR = ["inbox", "operator", "outbox", "sqlite"];

/** The same for tools. Those that measure and break the whole system use what tests use. */
const TOOLS: Readonly<Record<string, readonly string[]>> = {
  registry: ["contracts"],
  "topic-reader": ["kafka"],
  "tool-kit": ["errors", "kafka", "registry", "service-kit"],
  verify: TOOL_BASE,
  "operator-cli": [...TOOL_BASE, ...OPERATOR, "verify"],
  launcher: ["contracts", "errors", "output", "registry", "tool-kit"],
  chaos: [...TOOL_BASE, "system", "testing", "verify"],
  bench: [...TOOL_BASE, "system", "testing"],
};

const ALLOWED = { ...ENGINE_AND_SHOP, ...TOOLS };

/** Of these packages only the folder `sqlite` knows of a database; everything else knows interfaces. */
const WITH_STORES = ["inbox", "outbox", "operator", "service"];

/** Neither the engine nor the shop may import these. */
const FOR_TOOLS = [...Object.keys(TOOLS), "testing", "system", "dev-broker"];

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
  if (root === "shared" && ALLOWED[folder]?.includes(name)) return undefined;
  if (FOR_TOOLS.includes(name)) return "only tests, tools and scripts import this package";
  if (root === "shared") return `shared/${folder} may not import shared/${name}`;
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

const TEST =
  /(\.test|-program|\/test-[^/]*)\.ts$|^(services|shared)\/[^/]*\/bench\/|^shared\/(testing|system)\//;

/** Whether a file is neither a test nor only for tests and benchmarks. */
export const isProduction = (path: string): boolean => !TEST.test(path);

const isTestOrScript = (path: string): boolean => path.startsWith("scripts/") || TEST.test(path);

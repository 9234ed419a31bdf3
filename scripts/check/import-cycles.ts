import type { SourceFile } from "./import-rules.ts";

const OURS = "@order-outbox/";

/**
 * The files that import each other in a circle, type-only imports included: each circle once, from
 * its first file by name and back to it.
 */
export function findImportCycles(files: readonly SourceFile[]): string[][] {
  const known = new Map(files.map((file) => [file.path, file]));
  const state = new Map<string, "open" | "done">();
  const path: string[] = [];
  const cycles: string[][] = [];

  const visit = (file: string): void => {
    if (state.get(file) === "done") return;
    if (state.get(file) === "open") {
      cycles.push(fromFirst(path.slice(path.indexOf(file))));
      return;
    }
    state.set(file, "open");
    path.push(file);
    for (const target of known.get(file)?.imports ?? []) {
      const next = resolveImport(file, target);
      if (next !== undefined && known.has(next)) visit(next);
    }
    path.pop();
    state.set(file, "done");
  };
  for (const file of [...known.keys()].toSorted()) visit(file);
  return cycles;
}

function resolveImport(from: string, target: string): string | undefined {
  if (target.startsWith(OURS)) {
    const name = target.slice(OURS.length);
    return name.endsWith("-service") ? `services/${name}/src/app.ts` : `shared/${name}/mod.ts`;
  }
  if (!target.startsWith(".")) return undefined;
  return new URL(target, `file:///${from}`).pathname.slice(1);
}

function fromFirst(cycle: readonly string[]): string[] {
  const first = cycle.indexOf(cycle.toSorted()[0] as string);
  const turned = [...cycle.slice(first), ...cycle.slice(0, first)];
  return [...turned, turned[0] as string];
}

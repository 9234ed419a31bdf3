import { resolve } from "node:path";
import { findImportCycles } from "./import-cycles.ts";
import { findImportViolations, type SourceFile } from "./import-rules.ts";

/** Every TypeScript file of the repository with its imports, type-only ones included. */
export async function readSources(root: string): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  for await (const path of new Bun.Glob("{services,shared,scripts}/**/*.ts").scan({ cwd: root })) {
    if (path.includes("node_modules/")) continue;
    files.push({ path, imports: importsOf(await Bun.file(resolve(root, path)).text()) });
  }
  return files;
}

const IMPORT =
  /^\s*(?:import|export)\s[^;"'`=]*?\bfrom\s*["']([^"'\n]+)["']|^\s*import\s*\(?\s*["']([^"'\n]+)["']/gm;

// Bun's own scanner leaves out imports that are only of types, which break a layer as well.
function importsOf(source: string): string[] {
  return [...source.matchAll(IMPORT)].flatMap(([, from, dynamic]) => from ?? dynamic ?? []);
}

if (import.meta.main) {
  const sources = await readSources(resolve(import.meta.dir, "../.."));
  const violations = [
    ...findImportViolations(sources),
    ...findImportCycles(sources).map((files) => `a circle of imports: ${files.join(" → ")}`),
  ];
  for (const violation of violations) console.error(violation);
  if (violations.length > 0) process.exit(1);
}

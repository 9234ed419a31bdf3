import { join } from "node:path";
import type { Tarball } from "./pack-engine.ts";

/**
 * Has the project in `folder` take the engine from tarballs: what its package.json depends on, and
 * by `overrides` what those depend on in turn, because they are in no registry.
 */
export async function useTarballs(folder: string, tarballs: readonly Tarball[]): Promise<void> {
  const path = join(folder, "package.json");
  const manifest = await Bun.file(path).json();
  const files = Object.fromEntries(tarballs.map(({ name, file }) => [name, `file:${file}`]));
  for (const name of Object.keys(manifest.dependencies ?? {})) {
    manifest.dependencies[name] = files[name] ?? manifest.dependencies[name];
  }
  manifest.overrides = { ...manifest.overrides, ...files };
  await Bun.write(path, `${JSON.stringify(manifest, null, 2)}\n`);
}

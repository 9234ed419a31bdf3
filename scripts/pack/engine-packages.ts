import { join } from "node:path";

/** A package of the engine, as its package.json has it. */
export interface EnginePackage {
  /** Relative to the repository. */
  folder: string;
  /** Its production code, relative to `folder`. */
  sources: readonly string[];
  manifest: Manifest;
}

/** The parts of a package.json that packing reads. */
export interface Manifest {
  name: string;
  version: string;
  private?: boolean;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  bundleDependencies?: string[];
  [field: string]: unknown;
}

const NOT_PRODUCTION = /(\.test|-program)\.ts$|(^|\/)test-[^/]*\.ts$|(^|\/)(bench|node_modules)\//;

/** The packages that can be used elsewhere: those of `shared/` that are not private. */
export async function enginePackages(root: string): Promise<EnginePackage[]> {
  const paths = await Array.fromAsync(new Bun.Glob("shared/*/package.json").scan({ cwd: root }));
  const packages = await Promise.all(
    paths.toSorted().map(async (path) => {
      const folder = path.slice(0, -"/package.json".length);
      const files = await Array.fromAsync(
        new Bun.Glob("**/*.ts").scan({ cwd: join(root, folder) }),
      );
      return {
        folder,
        sources: files.filter((file) => !NOT_PRODUCTION.test(file)).toSorted(),
        manifest: (await Bun.file(join(root, path)).json()) as Manifest,
      };
    }),
  );
  return packages.filter(({ manifest }) => manifest.private !== true);
}

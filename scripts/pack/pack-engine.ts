import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { emitTypes } from "./emit-types.ts";
import { type EnginePackage, enginePackages, type Manifest } from "./engine-packages.ts";

const ROOT = resolve(import.meta.dir, "../..");

/** What users import by name beside us: there must be one copy of it, and it is theirs. */
const PEERS = ["@sinclair/typebox", "elysia"];

/** A tarball that was made. */
export interface Tarball {
  name: string;
  file: string;
}

/**
 * Packs every package of the engine into `folder`. A package has its sources, which Bun runs as they
 * are, declarations in `types/`, and real versions in the place of the workspace's.
 */
export async function packEngine(folder: string): Promise<Tarball[]> {
  const to = resolve(folder);
  mkdirSync(to, { recursive: true });
  const stage = mkdtempSync(join(tmpdir(), "order-outbox-pack-"));
  try {
    const packages = await enginePackages(ROOT);
    await emitTypes(ROOT, packages, stage);
    const root = (await Bun.file(join(ROOT, "package.json")).json()) as Root;
    const versions = new Map(packages.map(({ manifest }) => [manifest.name, manifest.version]));
    return await Promise.all(packages.map((one) => packOne(one, { stage, to, root, versions })));
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

interface Root {
  workspaces: { catalog: Record<string, string> };
}

interface Packing {
  stage: string;
  to: string;
  root: Root;
  versions: ReadonlyMap<string, string>;
}

async function packOne(
  { folder, sources, manifest }: EnginePackage,
  packing: Packing,
): Promise<Tarball> {
  const from = join(ROOT, folder);
  const place = join(packing.stage, folder);
  for (const path of [...sources, "README.md"]) {
    if (!existsSync(join(from, path))) continue;
    mkdirSync(dirname(join(place, path)), { recursive: true });
    cpSync(join(from, path), join(place, path));
  }
  cpSync(join(ROOT, "LICENSE"), join(place, "LICENSE"));
  for (const name of manifest.bundleDependencies ?? []) {
    const installed = realpathSync(join(from, "node_modules", name));
    cpSync(installed, join(place, "node_modules", name), { recursive: true });
  }
  await Bun.write(
    join(place, "package.json"),
    `${JSON.stringify(publishedManifest(manifest, packing), null, 2)}\n`,
  );
  await run([process.execPath, "pm", "pack", "--quiet", "--destination", packing.to], place);
  const file = `${manifest.name.replace("@", "").replace("/", "-")}-${manifest.version}.tgz`;
  return { name: manifest.name, file: join(packing.to, file) };
}

/** A package.json for elsewhere: no workspace, no catalog, nothing for development. */
function publishedManifest(
  { devDependencies: _, ...manifest }: Manifest,
  { root, versions }: Packing,
): Manifest {
  const real = (dependencies: Record<string, string> = {}) =>
    Object.fromEntries(
      Object.entries(dependencies).map(([name, version]) => {
        const known = version.startsWith("workspace:")
          ? versions.get(name)
          : version === "catalog:"
            ? root.workspaces.catalog[name]
            : version;
        if (known === undefined)
          throw new Error(`${manifest.name} needs ${name}, which is not published`);
        return [name, known];
      }),
    );
  const all = Object.entries(real(manifest.dependencies));
  const peers = all.filter(([name]) => PEERS.includes(name));
  return {
    ...manifest,
    exports: { ".": { types: "./types/mod.d.ts", default: "./mod.ts" } },
    dependencies: Object.fromEntries(all.filter(([name]) => !PEERS.includes(name))),
    peerDependencies: Object.fromEntries(peers.map(([name, version]) => [name, `^${version}`])),
  };
}

async function run(command: string[], cwd: string): Promise<void> {
  const child = Bun.spawn(command, { cwd, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [output, complaints, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code !== 0) throw new Error(`${command.join(" ")}: ${complaints || output}`);
}

import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { EnginePackage } from "./engine-packages.ts";

/**
 * Writes the declarations of packages into `types/` of each one's place in `stage`. Their relative
 * imports name `.js`, which every setting of `moduleResolution` takes.
 */
export async function emitTypes(
  root: string,
  packages: readonly EnginePackage[],
  stage: string,
): Promise<void> {
  const emitted = join(stage, "emitted");
  const config = join(root, `tsconfig.${process.pid}.pack.json`);
  await Bun.write(
    config,
    JSON.stringify({
      extends: "./tsconfig.json",
      compilerOptions: {
        noEmit: false,
        declaration: true,
        emitDeclarationOnly: true,
        rootDir: ".",
        outDir: emitted,
      },
      include: [],
      // Each by name: what is only reached through node_modules counts as somebody else's.
      files: packages.flatMap(({ folder, sources }) => sources.map((path) => `${folder}/${path}`)),
    }),
  );
  try {
    const compiler = Bun.spawn([join(root, "node_modules/.bin/tsc"), "-p", config], {
      cwd: root,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const [output, code] = await Promise.all([
      new Response(compiler.stdout).text(),
      compiler.exited,
    ]);
    if (code !== 0) throw new Error(`tsc: ${output}`);
  } finally {
    rmSync(config);
  }
  for (const { folder } of packages) {
    const from = join(emitted, folder);
    for (const path of new Bun.Glob("**/*.d.ts").scanSync({ cwd: from })) {
      const to = join(stage, folder, "types", path);
      mkdirSync(dirname(to), { recursive: true });
      const text = await Bun.file(join(from, path)).text();
      await Bun.write(to, text.replace(/(["'])(\.{1,2}\/[^"']+)\.ts\1/g, "$1$2.js$1"));
    }
  }
  rmSync(emitted, { recursive: true });
}

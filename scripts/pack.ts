import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { EXIT_MISUSED, runCommand } from "@order-outbox/tool-kit";
import { packEngine } from "./pack/pack-engine.ts";
import { useTarballs } from "./pack/use-tarballs.ts";

const USAGE = `Usage: bun run pack --to DIR [--for PROJECT]

Makes tarballs of the engine's packages, to be installed elsewhere with Bun or npm: sources as Bun runs
them, declarations for every editor and compiler, and kafkajs as it is patched here.

  --to DIR        where the tarballs go
  --for PROJECT   a folder whose package.json is to take the engine from them
  --help          show this
`;

await runCommand(async (args) => {
  const { values } = parseArgs({
    args,
    options: {
      to: { type: "string" },
      for: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  if (values.to === undefined) {
    console.error(`say where to with --to DIR\n(--help shows the options)`);
    return EXIT_MISUSED;
  }
  if (values.for !== undefined && !existsSync(join(values.for, "package.json"))) {
    console.error(`--for ${values.for}: there is no package.json in it`);
    return EXIT_MISUSED;
  }
  const tarballs = await packEngine(values.to);
  for (const { name, file } of tarballs) console.log(`${name}: ${file}`);
  if (values.for !== undefined) await useTarballs(values.for, tarballs);
  return 0;
});

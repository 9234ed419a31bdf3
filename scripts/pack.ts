import { parseArgs } from "node:util";
import { EXIT_MISUSED, runCommand } from "@order-outbox/tool-kit";
import { packEngine } from "./pack/pack-engine.ts";

const USAGE = `Usage: bun run pack --to DIR

Makes tarballs of the engine's packages, to be installed elsewhere with Bun or npm: sources as Bun runs
them, declarations for every editor and compiler, and kafkajs as it is patched here.

  --to DIR   where the tarballs go
  --help     show this
`;

await runCommand(async (args) => {
  const { values } = parseArgs({
    args,
    options: { to: { type: "string" }, help: { type: "boolean", default: false } },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  if (values.to === undefined) {
    console.error(`say where to with --to DIR\n(--help shows the options)`);
    return EXIT_MISUSED;
  }
  for (const { name, file } of await packEngine(values.to)) console.log(`${name}: ${file}`);
  return 0;
});

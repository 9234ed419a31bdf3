// Runs before every program of this repository, by the bunfig.toml in the folder where it is started.
// Without packages Bun would take kafkajs from its cache, without the patch, or end with a stack.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

const repository = resolve(import.meta.dir, "..");
if (!existsSync(join(repository, "node_modules"))) {
  console.error(
    `The packages of this repository are not installed. Run this first:\n\n  cd ${repository} && bun install\n`,
  );
  // EX_CONFIG of sysexits.h: no supervisor should start it again.
  process.exit(78);
}

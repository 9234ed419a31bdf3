import { existsSync, mkdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { parseArgs } from "node:util";
import { runCommand } from "@order-outbox/tool-kit";
import { writeAsyncApi } from "./contracts/asyncapi.ts";
import { type BreakingChange, findBreakingChanges } from "./contracts/compatibility.ts";
import { presentEvents, readReleased, writeReleased } from "./contracts/released.ts";

const USAGE = `Usage: bun run contracts [--check | --release] [--root DIR]

Writes docs/asyncapi.yaml from the event schemas, and compares these with the released ones. Exits
with 1 when a change would break a reader.

  --check     write nothing; exit with 1, too, when docs/asyncapi.yaml is stale
  --release   record the present event schemas as released, unless a change breaks readers
  --root DIR  the repository (default: this one)
  --help      show this
`;

const ADVICE = `Keep the released schema and add to it: a new optional field, or a new event type beside the old one
that readers move to. Only when no event of the old form can exist anywhere any more may its file in
shared/contracts/released be deleted and the present one be recorded with --release.`;

async function main(args: readonly string[]): Promise<number> {
  const options = parse(args);
  if (typeof options === "string") {
    console.error(`${options}\n(--help shows the options)`);
    return 2;
  }
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const file = join(options.root, "docs/asyncapi.yaml");
  const folder = join(options.root, "shared/contracts/released");

  if (!existsSync(options.root)) {
    console.error(`there is no folder ${options.root}`);
    return 2;
  }
  const text = writeAsyncApi();
  const current = await Bun.file(file)
    .text()
    .catch(() => "");
  const stale = options.check && current !== text;
  if (stale) console.error(`${relative(".", file)} is stale: run "bun run contracts"`);
  else if (!options.check && current !== text) {
    mkdirSync(dirname(file), { recursive: true });
    await Bun.write(file, text);
    console.log(`wrote ${relative(".", file)}`);
  }

  const present = presentEvents();
  const changes = findBreakingChanges(await readReleased(folder), present);
  show(changes);
  if (options.release && changes.length === 0) {
    await writeReleased(folder, present);
    console.log(`recorded ${present.length} event types in ${relative(".", folder)}`);
  }
  return stale || changes.length > 0 ? 1 : 0;
}

function parse(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        check: { type: "boolean", default: false },
        release: { type: "boolean", default: false },
        root: { type: "string", default: join(import.meta.dirname, "..") },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    return values.check && values.release ? "give either --check or --release" : values;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function show(changes: readonly BreakingChange[]): void {
  if (changes.length === 0) return;
  console.error("Changes that break readers of the released events:");
  for (const { path, problem } of changes) console.error(`  ${path}: ${problem}`);
  console.error(`\n${ADVICE}`);
}

await runCommand(main);

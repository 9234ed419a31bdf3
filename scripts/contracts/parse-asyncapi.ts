/**
 * Parses docs/asyncapi.yaml with @asyncapi/parser and exits with 1 when that finds an error. The
 * parser brings 160 packages, so it is no dependency: it is installed into a temporary folder, and
 * where that is not possible this says so and passes.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { tempDir } from "@order-outbox/testing";

const PARSER = "@asyncapi/parser";
const VERSION = "3.6.3";
/** The severity of a diagnostic that is no error but a hint. */
const WARNING = 1;

interface Parser {
  parse(text: string): Promise<{
    document?: unknown;
    diagnostics: { severity: number; message: string; path: (string | number)[] }[];
  }>;
}

using folder = tempDir();
await Bun.write(folder.join("package.json"), '{ "private": true }');
const install = Bun.spawn([process.execPath, "add", `${PARSER}@${VERSION}`], {
  cwd: folder.path,
  stdio: ["ignore", "ignore", "ignore"],
  timeout: 60_000,
});
if ((await install.exited) !== 0) {
  console.log(`left out: ${PARSER} cannot be installed here`);
} else {
  const entry = Bun.resolveSync(PARSER, folder.path);
  const { Parser }: { Parser: new () => Parser } = await import(pathToFileURL(entry).href);
  const text = await Bun.file(join(import.meta.dirname, "../../docs/asyncapi.yaml")).text();
  const { document, diagnostics } = await new Parser().parse(text);
  for (const { message, path } of diagnostics) console.log(`${path.join(".")}: ${message}`);
  const failed = document === undefined || diagnostics.some(({ severity }) => severity < WARNING);
  console.log(`docs/asyncapi.yaml ${failed ? "is not valid" : "is valid"} by ${PARSER} ${VERSION}`);
  process.exitCode = failed ? 1 : 0;
}

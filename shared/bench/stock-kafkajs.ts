import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const VERSION = "2.2.4";

/**
 * Installs kafkajs as it is published, without this repository's patch, into `folder`; gives the
 * path of its module, or undefined when no registry answers.
 */
export async function installStockKafkajs(folder: string): Promise<string | undefined> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "name": "stock", "private": true }\n');
  const child = Bun.spawn([process.execPath, "add", "--exact", `kafkajs@${VERSION}`], {
    cwd: folder,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
  });
  return (await child.exited) === 0 ? join(folder, "node_modules/kafkajs/index.js") : undefined;
}

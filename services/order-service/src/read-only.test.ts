import { expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { closeDatabase, openMigrated } from "@order-outbox/sqlite";
import { freePort, startProcess, type TempDir, tempDir, waitFor } from "@order-outbox/testing";
import { MIGRATIONS } from "./sqlite/schema.ts";

/** Nothing is read-only for root. */
const UNPRIVILEGED = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
const isRoot = process.getuid?.() === 0;
const command = [...(isRoot ? UNPRIVILEGED : []), process.execPath, `${import.meta.dir}/main.ts`];
const why = whyNotTried();
if (why !== undefined) console.warn(`The tests of a read-only orders.db are left out: ${why}.`);

function whyNotTried(): string | undefined {
  if (!isRoot) return undefined;
  if (Bun.which("setpriv") === null) return "there is no setpriv";
  const readable = Bun.spawnSync([...UNPRIVILEGED, "test", "-r", command.at(-1) as string]);
  return readable.exitCode === 0 ? undefined : "another user may not read this folder";
}

function makeDatabase(folder: TempDir): string {
  chmodSync(folder.path, 0o777);
  const path = folder.join("orders.db");
  closeDatabase(openMigrated(path, MIGRATIONS));
  chmodSync(path, 0o666);
  return path;
}

const CASES: [what: string, forbid: (folder: TempDir, path: string) => void, line: string][] = [
  [
    "orders.db may only be read",
    (_, path) => chmodSync(path, 0o444),
    "the database's file may not be written",
  ],
  [
    "nothing may be created beside orders.db",
    (folder) => chmodSync(folder.path, 0o555),
    "attempt to write a readonly database",
  ],
];

for (const [what, forbid, line] of CASES) {
  test.skipIf(why !== undefined)(
    `when ${what} the service ends with a line that says so`,
    async () => {
      using folder = tempDir();
      const path = makeDatabase(folder);
      forbid(folder, path);
      await using service = startProcess(command, { env: { PORT: "0", DATABASE_PATH: path } });
      expect([await service.exited, service.lines]).toEqual([
        1,
        [`cannot open the database ${path}: ${line}`],
      ]);
      chmodSync(folder.path, 0o777);
    },
  );
}

test.skipIf(why !== undefined)(
  "an orders.db that becomes read-only refuses orders until it may be written",
  async () => {
    using folder = tempDir();
    const path = makeDatabase(folder);
    const url = `http://127.0.0.1:${await freePort()}`;
    const env = { PORT: new URL(url).port, DATABASE_PATH: path, KAFKA_HOST: "127.0.0.1:1" };
    await using service = startProcess(command, { env });
    await service.waitForLine("ready", 20_000);
    // By then the relay has opened the file, too.
    await service.waitForLine("not publishing", 20_000);
    const post = async () => {
      const response = await fetch(`${url}/api/orders`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: '{"customerId":"alice","amount":1}',
      });
      const { code } = (await response.json()) as { code?: string };
      return [response.status, code, response.headers.get("retry-after")];
    };
    const storage = async () => {
      const response = await fetch(`${url}/health`);
      const { checks } = (await response.json()) as { checks: { storage: { ok: boolean } } };
      return [response.status, checks.storage.ok];
    };
    expect([await post(), await storage()]).toEqual([
      [201, undefined, null],
      [200, true],
    ]);
    chmodSync(path, 0o444);
    expect([await post(), await storage()]).toEqual([
      [503, "STORAGE_READONLY", "30"],
      [503, false],
    ]);
    await service.waitForLine(/database.*may not be written/);
    chmodSync(path, 0o666);
    expect([await post(), await storage()]).toEqual([
      [201, undefined, null],
      [200, true],
    ]);
    await waitFor(() => service.lines.some((line) => line.includes("can be written again")), {
      what: "the line that says so",
    });
  },
);

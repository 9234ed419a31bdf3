/**
 * Starts the system and lets schemathesis (https://schemathesis.io) generate requests from each
 * service's OpenAPI document, valid and invalid ones, with all of its checks: no 5xx, no undocumented
 * status, no answer that breaks its schema, nothing valid refused and nothing invalid accepted.
 *
 *   python3 -m venv /tmp/schemathesis && /tmp/schemathesis/bin/pip install schemathesis==4.32.5
 *   SCHEMATHESIS=/tmp/schemathesis/bin/schemathesis bun scripts/contracts/fuzz.ts [examples] [seed]
 *
 * `examples` is how many requests are made of each operation in each phase (default 200); fewer than
 * 2,000 cases for a service are a failure.
 */
import { Database } from "bun:sqlite";
import { resolve } from "node:path";
import { type ServiceProcess, startSystem } from "@order-outbox/system";
import { tempDir, waitFor } from "@order-outbox/testing";

const LEAST_CASES = 2_000;
const TOKEN = "a-token-of-sixteen-or-more";
const [examples = "200", seed = "1"] = process.argv.slice(2);
const schemathesis = Bun.which(process.env.SCHEMATHESIS ?? "schemathesis");
if (schemathesis === null) {
  console.error("schemathesis is missing; see the top of scripts/contracts/fuzz.ts");
  process.exit(2);
}
const program = resolve(schemathesis);
/** Where schemathesis leaves its cache. */
using folder = tempDir();

await using system = await startSystem({ env: { LOG_LEVEL: "warn", ADMIN_TOKEN: TOKEN } });
const services = [system.order, system.payment, system.notification];
await Promise.all(Array.from({ length: 30 }, () => system.createOrder()));
await waitFor(async () => (await system.notifications()).length === 180, { what: "all events" });
for (const service of services) giveOperatorsWork(service);

let failed = 0;
for (const service of services) if (!(await fuzz(service))) failed++;
process.exitCode = failed === 0 ? 0 : 1;

/** So that not every id that an operator could name is a 404. */
function giveOperatorsWork({ name, databasePath }: ServiceProcess): void {
  using db = new Database(databasePath);
  db.run("PRAGMA busy_timeout = 5000");
  const hold = db.prepare(
    `INSERT INTO held_events (consumer, state, clusterId, topic, partition, "offset", headers, errorCode,
       lastError, attempts, heldAt)
     VALUES ('${name}', 'PARKED', 'c', 'order_created', 0, ?, '{}', 'EVENT_MALFORMED', 'no id', 1,
       '2026-01-01T00:00:00.000Z')`,
  );
  for (let offset = 1_000; offset < 1_050; offset++) hold.run(offset);
  if (name === "notification-service") return;
  db.run(
    "UPDATE outbox SET isPublished = 0, publishedAt = NULL, parkedAt = createdAt, lastError = 'x'",
  );
}

async function fuzz({ name, url }: ServiceProcess): Promise<boolean> {
  const args = ["--checks", "all", "--continue-on-failure", "--max-examples", examples];
  const child = Bun.spawn(
    [
      ...[program, "run", `${url}/openapi`, ...args, "--seed", seed, "--no-color"],
      ...["-H", `Authorization: Bearer ${TOKEN}`],
    ],
    {
      cwd: folder.path,
      stdout: "pipe",
      stderr: "inherit",
      env: {
        ...process.env,
        SCHEMATHESIS_HOOKS: "schemathesis_hooks",
        PYTHONPATH: import.meta.dirname,
        PYTHONDONTWRITEBYTECODE: "1",
      },
    },
  );
  const output = await child.stdout.text();
  const cases = Number(/^ *(\d+) generated/m.exec(output)?.[1] ?? 0);
  const passed = (await child.exited) === 0 && cases >= LEAST_CASES;
  if (!passed) console.log(output);
  console.log(`${name}: ${cases} cases, ${passed ? "all as documented" : "FAILED"}`);
  return passed;
}

// Lets every alert fire in a real Prometheus under its fault and clear after it, `for` shortened.
// Needs `prometheus` in the path, and root on Linux for a disk of its own.
import { join } from "node:path";
import { startSystem } from "@order-outbox/system";
import { killableBroker, smallDisk, tempDir, waitFor } from "@order-outbox/testing";
import { FAULTS } from "./faults.ts";
import { startPrometheus } from "./prometheus.ts";

const adminToken = crypto.randomUUID();
const chosen = process.argv.slice(2);
using folder = tempDir();
using disk = smallDisk(join(folder.path, "disk"), 256 * 1024 * 1024);
await using broker = await killableBroker(folder.path, { script: "" });
await broker.start();
await using system = await startSystem({
  dataDir: disk.path,
  kafkaHost: broker.kafkaHost,
  env: { LOG_LEVEL: "warn", ADMIN_TOKEN: adminToken },
});
const targets = [system.order, system.payment, system.notification].map(({ url }) => url.slice(7));
await using prometheus = await startPrometheus(folder.path, targets);

const quiet = async () => (await prometheus.firing()).size === 0;
for (const { what, alerts, begin, end } of FAULTS) {
  if (chosen.length > 0 && !alerts.some((alert) => chosen.includes(alert))) continue;
  await waitFor(quiet, { what: `silence before ${what}`, timeoutMs: 120_000 });
  const world = { system, broker, disk, adminToken };
  const began = performance.now();
  const seconds = () => ((performance.now() - began) / 1000).toFixed(1);
  await begin(world);
  await waitFor(async () => (await prometheus.firing()).isSupersetOf(new Set(alerts)), {
    what: `${alerts.join(" and ")} to fire`,
    timeoutMs: 120_000,
  });
  const fired = seconds();
  await end(world);
  await waitFor(quiet, { what: `${alerts.join(" and ")} to clear`, timeoutMs: 120_000 });
  console.log(`${what}: ${alerts.join(", ")} fired after ${fired} s, clear after ${seconds()} s`);
}

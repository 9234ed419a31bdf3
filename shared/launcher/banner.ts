import type { ChildPlan } from "./plan.ts";
import type { DevSettings } from "./settings.ts";

/** What is told when everything runs: every address, and a first order to try. */
export function readyBanner(
  plans: readonly ChildPlan[],
  settings: DevSettings,
  tookMs: number,
): string {
  const orders = settings.ports.ORDER_PORT;
  const width = Math.max(...plans.map(({ name }) => name.length));
  const places = plans.map(({ name, url }) => `  ${name.padEnd(width)}  ${url}`);
  if (settings.kafkaHost) places.push(`  ${"broker".padEnd(width)}  ${settings.kafkaHost}`);
  return [
    "",
    `Ready after ${(tookMs / 1000).toFixed(1)} s. The data is in ${settings.dataDir}.`,
    "",
    ...places,
    "",
    "Send an order, with curl or HTTPie:",
    "",
    `  curl -i localhost:${orders}/api/orders -H 'content-type: application/json' \\`,
    `    -d '{"customerId":"alice","amount":99.99}'`,
    `  http :${orders}/api/orders customerId=alice amount:=99.99`,
    "",
    `Look inside with: bun run sql orders "SELECT * FROM outbox"`,
    "Ctrl-C stops everything.",
    "",
    "",
  ].join("\n");
}

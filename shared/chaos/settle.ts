import { Database } from "bun:sqlite";
import type { ServiceName } from "@order-outbox/registry";
import { sleep } from "@order-outbox/tool-kit";

/** Where the databases of a world are. */
interface Databases {
  readonly services: Readonly<Record<ServiceName, { databasePath: string }>>;
}

/** How many orders are not final yet; undefined when the database cannot be read just now. */
export function pendingOrders(world: Databases): number | undefined {
  return count(
    world.services["order-service"].databasePath,
    "SELECT count(*) AS count FROM orders WHERE status = 'PENDING'",
  );
}

/** Waits until every order is final. */
export async function waitUntilFinal(
  world: Databases,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  return holds(() => pendingOrders(world) === 0, timeoutMs, signal);
}

/** Waits until the outboxes are published and both events of every order are announced. */
export async function waitUntilDrained(
  world: Databases,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const path = (name: ServiceName) => world.services[name].databasePath;
  const unpublished = "SELECT count(*) AS count FROM outbox WHERE isPublished = 0";
  return holds(
    () => {
      const orders = count(path("order-service"), "SELECT count(*) AS count FROM orders");
      const announced = count(
        path("notification-service"),
        `SELECT count(*) AS count FROM notified_events
         WHERE max(emailSentAt, smsSentAt, pushSentAt) IS NOT NULL`,
      );
      return (
        orders !== undefined &&
        announced === orders * 2 &&
        count(path("order-service"), unpublished) === 0 &&
        count(path("payment-service"), unpublished) === 0
      );
    },
    timeoutMs,
    signal,
  );
}

function count(path: string, sql: string): number | undefined {
  try {
    using db = new Database(path, { readonly: true });
    return db.query<{ count: number }, []>(sql).get()?.count;
  } catch {
    return undefined;
  }
}

/** Whether the condition comes to hold in time; `signal` ends the waiting. */
async function holds(
  condition: () => boolean,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const until = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  while (!until.aborted) {
    if (condition()) return true;
    await sleep(100, until);
  }
  return false;
}

import { Database } from "bun:sqlite";
import { pause } from "./part.ts";
import type { Backlog } from "./rate-search.ts";
import type { RunningSystem } from "./services.ts";

/** Events of an order that customers are told of. */
const PER_ORDER = 2;

/** How many orders are on their way: accepted, and not yet final with both events announced. */
export interface BacklogCounter extends Disposable {
  count(): number;
}

/** Counts by the ends of tables and the index of open orders, so that counting stays cheap. */
export function countBacklog({ order, notification }: RunningSystem): BacklogCounter {
  const open = (path: string) => {
    const db = new Database(path, { readonly: true });
    db.run("PRAGMA busy_timeout = 5000");
    return db;
  };
  const orders = open(order.databasePath);
  const notifications = open(notification.databasePath);
  const accepted = orders.prepare<{ count: number | null }, []>(
    "SELECT max(seq) AS count FROM orders",
  );
  const pending = orders.prepare<{ count: number }, []>(
    "SELECT count(*) AS count FROM orders WHERE status = 'PENDING'",
  );
  const sent = notifications.prepare<{ count: number | null }, []>(
    "SELECT max(seq) AS count FROM notified_events",
  );
  return {
    count() {
      const announced = Math.floor((sent.get()?.count ?? 0) / PER_ORDER);
      const unannounced = (accepted.get()?.count ?? 0) - announced;
      return Math.max(unannounced, pending.get()?.count ?? 0);
    },
    [Symbol.dispose]() {
      orders.close();
      notifications.close();
    },
  };
}

const SAMPLE_MS = 250;

/** Looks at the backlog until `done`. */
export async function watchBacklog(
  counter: BacklogCounter,
  done: Promise<unknown>,
): Promise<Backlog[]> {
  const startedAt = performance.now();
  const samples: Backlog[] = [];
  let over = false;
  const end = () => {
    over = true;
  };
  done.then(end, end);
  while (!over) {
    samples.push({ atS: (performance.now() - startedAt) / 1000, orders: counter.count() });
    await Bun.sleep(SAMPLE_MS);
  }
  return samples;
}

/** Seconds until nothing is on its way any more; undefined: longer than that. */
export async function waitUntilDone(
  counter: BacklogCounter,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  const startedAt = performance.now();
  const elapsed = () => performance.now() - startedAt;
  while (counter.count() > 0) {
    if (elapsed() > timeoutMs) return undefined;
    await pause(50, signal);
  }
  return elapsed() / 1000;
}

/** Orders of which something is missing, as sentences; an empty list is what has to come out. */
export function findUnfinished(system: RunningSystem, accepted: number): string[] {
  const { order, notification } = system;
  using orders = new Database(order.databasePath, { readonly: true });
  using notifications = new Database(notification.databasePath, { readonly: true });
  const count = (db: Database, sql: string) =>
    db.query<{ count: number }, []>(`SELECT count(*) AS count FROM ${sql}`).get()?.count ?? 0;
  const stored = count(orders, "orders");
  const final = count(orders, "orders WHERE status IN ('PAID', 'PAYMENT_FAILED')");
  const announced = count(
    notifications,
    `(SELECT orderId FROM notified_events
      WHERE max(emailSentAt, smsSentAt, pushSentAt) IS NOT NULL
      GROUP BY orderId HAVING count(*) = ${PER_ORDER})`,
  );
  return [
    ...(stored === accepted ? [] : [`${accepted} orders were accepted and ${stored} are stored`]),
    ...(final === stored ? [] : [`${stored - final} orders are not final`]),
    ...(announced === stored ? [] : [`${stored - announced} orders lack notifications`]),
  ];
}

/**
 * Sees an order when a reader of orders.db can see that it is final; a probe of `bun run bench`. It
 * asks every `everyMs` whether anything was committed, which is no more than a look at the WAL's
 * index, so that a sighting is late by half of that on average.
 */
import { Database } from "bun:sqlite";
import { serveProbe } from "./probe-side.ts";

export interface OrdersProbePlan {
  database: string;
  everyMs: number;
}

const { plan, see, ready, ending, finish } = serveProbe<OrdersProbePlan>();
const db = new Database(plan.database, { readonly: true });
db.run("PRAGMA busy_timeout = 5000");
const version = db.prepare<{ data_version: number }, []>("PRAGMA data_version");
const final = db.prepare<{ id: string }, [number]>(
  "SELECT id FROM orders WHERE seq >= ? AND status <> 'PENDING'",
);
const firstOpen = db.prepare<{ seq: number | null }, []>(
  `SELECT coalesce((SELECT seq FROM orders WHERE status = 'PENDING' ORDER BY seq LIMIT 1),
                   (SELECT max(seq) + 1 FROM orders)) AS seq`,
);

let from = firstOpen.get()?.seq ?? 0;
let known = -1;

// In one transaction: what is committed between the two would be passed over.
const readOn = db.transaction(() => {
  for (const { id } of final.all(from)) see(id);
  from = firstOpen.get()?.seq ?? 0;
});

function look(): void {
  const now = version.get()?.data_version ?? 0;
  if (now === known) return;
  known = now;
  readOn();
}

ready();
while (!ending.aborted) {
  look();
  await Bun.sleep(plan.everyMs);
}
look();
finish();

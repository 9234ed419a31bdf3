import { TOPICS } from "@order-outbox/contracts";
import { describeUnreadable } from "@order-outbox/kafka";
import {
  count,
  createProgress,
  defineCommand,
  EXIT,
  openToRead,
  openToWrite,
  printJson,
  requireReason,
  requireService,
  UserError,
} from "@order-outbox/tool-kit";
import { connectKafka, fetchEnds, readRecords } from "@order-outbox/topic-reader";
import { insertOrders, ordersIn, type PublishedOrder } from "./backup/recovered-orders.ts";

export const recoverOrders = defineCommand({
  name: "recover-orders",
  summary: "put orders back that a restored orders.db lacks and the topic order_created knows",
  usage: `recover-orders --reason "…" [--dry-run]

Reads order_created from its beginning. An order that is not stored is put back as it was accepted,
with its event, which is not published again. Then have the results of its payment applied, which
order-service has parked: bun run outbox redrive --service order-service --held
What the topic does not know cannot be put back: orders that were never published, and those that
its retention has removed.
  --reason TEXT      why; kept in the audit
  --dry-run          count them`,
  options: { reason: { type: "string" }, "dry-run": { type: "boolean", default: false } },
  async run(values, { dataDir, brokers, security, json }) {
    const dryRun = values["dry-run"];
    const reason = dryRun ? "" : requireReason(values.reason);
    const service = requireService("order-service");
    using db = openToWrite(dataDir, service);
    const isStored = db.prepare<{ id: string }, [string]>("SELECT id FROM orders WHERE id = ?");

    const kafka = connectKafka(brokers, security);
    const { topics } = await fetchEnds(kafka, [TOPICS.orderCreated]);
    const partitions = topics.get(TOPICS.orderCreated);
    if (partitions === undefined) throw new UserError(`there is no topic ${TOPICS.orderCreated}`);
    const missing = new Map<string, PublishedOrder>();
    const progress = createProgress();
    const unreadable = await readRecords(
      kafka,
      partitions
        .filter(({ low, high }) => high > low)
        .map((ends) => ({ ...ends, topic: TOPICS.orderCreated, nextOffset: ends.low })),
      (batch) => {
        for (const order of ordersIn(batch)) {
          const { subject } = order.event;
          if (!missing.has(subject) && isStored.get(subject) === null) missing.set(subject, order);
        }
      },
      (done, total) => progress.show(`records of ${TOPICS.orderCreated}`, done, total),
    ).finally(() => progress.end());

    for (const batch of unreadable) {
      const place = `${batch.topic}/${batch.partition} at ${batch.offset}`;
      console.error(`outbox: ${place}: ${describeUnreadable(batch)}`);
    }
    const orders = [...missing.values()];
    const at = new Date().toISOString();
    const renewed = dryRun ? 0 : insertOrders(db, orders, { at, reason });
    if (json) printJson({ dryRun, orders: orders.length, withOldNumber: renewed });
    else if (dryRun) console.log(`would put ${count(orders.length, "order")} back`);
    else tell(orders.length, countParked(dataDir));
    return EXIT.done;
  },
});

function countParked(dataDir: string): number {
  using db = openToRead(dataDir, requireService("order-service"));
  const sql = "SELECT count(*) AS parked FROM held_events WHERE state = 'PARKED'";
  return db?.query<{ parked: number }, []>(sql).get()?.parked ?? 0;
}

function tell(orders: number, parked: number): void {
  console.log(`put ${count(orders, "order")} back`);
  if (parked === 0) return;
  console.log(
    `${count(parked, "event")} parked in orders.db: bun run outbox redrive --service order-service --held`,
  );
}

import { type Facts, FOR_EVER } from "./facts.ts";

/**
 * Sums up the notifications of each order: distinct channels, rows, and where they stand. Finished
 * orders whose rows retention has taken count as told, when the channels' ledger says so, too.
 *
 * @returns how many orders count as told without a row
 */
export function readNotifications(facts: Facts): number {
  const { db } = facts;
  db.run("DELETE FROM told");
  db.run(`
    INSERT INTO told
    SELECT orderId,
      count(DISTINCT CASE WHEN eventType = 'ORDER_CREATED' THEN channel END),
      count(DISTINCT CASE WHEN eventType <> 'ORDER_CREATED' THEN channel END),
      sum(eventType = 'ORDER_CREATED'),
      sum(eventType <> 'ORDER_CREATED'),
      max(CASE WHEN eventType = 'ORDER_CREATED' THEN seq END),
      min(CASE WHEN eventType <> 'ORDER_CREATED' THEN seq END),
      nullif(max(CASE WHEN eventType = 'ORDER_CREATED' THEN createdAt END),
        min(CASE WHEN eventType = 'ORDER_CREATED' THEN createdAt END)),
      min(CASE WHEN eventType <> 'ORDER_CREATED' THEN createdAt END)
    FROM notifications.notifications GROUP BY orderId`);
  const pruned = db
    .query<{ total: number }, []>("SELECT total FROM notifications.pruned_events")
    .get();
  return pruned !== null && pruned.total > 0 ? addPruned(facts) : 0;
}

/** Retention takes all of an order at once, and none that was told later than one it leaves. */
function addPruned({ db, has }: Facts): number {
  const first = db
    .query<{ at: string | null }, []>(
      `SELECT min(t.firstResultAt) AS at FROM told AS t
       WHERE t.created >= 3 AND t.results >= 3 AND NOT EXISTS (
         SELECT 1 FROM notifications.held_events AS h WHERE h.eventKey = t.orderId)`,
    )
    .get();
  return db
    .query<unknown, [string, number]>(
      `INSERT INTO told
       SELECT p.orderId, 3, 3, 3, 3, NULL, NULL, NULL, NULL FROM payments.payments AS p
       WHERE p.createdAt <= ?1
         AND NOT EXISTS (SELECT 1 FROM told AS t WHERE t.orderId = p.orderId)
         AND (NOT ?2 OR EXISTS (SELECT 1 FROM sent AS s
           WHERE s.orderId = p.orderId AND s.EMAIL >= 2 AND s.SMS >= 2 AND s.PUSH >= 2))`,
    )
    .run(first?.at ?? FOR_EVER, Number(has.sends)).changes;
}

import { type Facts, PUBLISHERS } from "./facts.ts";
import type { OrderCounts } from "./report.ts";

/**
 * Counts the orders that were judged: those that were accepted until the cutoff, and younger ones
 * that have come to their end already, of which nothing can be missing any more. To be called after a
 * reconciliation, whose table `told` it reads.
 *
 * @param now ISO 8601
 */
export function countOrders({ db, cutoff, has }: Facts, now: string): OrderCounts {
  const ends = [
    "o.status <> 'PENDING'",
    "EXISTS (SELECT 1 FROM payments.payments AS p WHERE p.orderId = o.id)",
    "EXISTS (SELECT 1 FROM told AS t WHERE t.orderId = o.id AND t.created >= 3 AND t.results >= 3)",
    ...PUBLISHERS.map(
      ({ schema, topic }) => `EXISTS (SELECT 1 FROM ${schema}.outbox AS b
        WHERE b.orderId = o.id AND b.topic = '${topic}' AND b.isPublished = 1 ${
          has.topics ? "AND EXISTS (SELECT 1 FROM records AS r WHERE r.eventId = b.eventId)" : ""
        })`,
    ),
    ...(has.charges ? ["EXISTS (SELECT 1 FROM charges AS c WHERE c.orderId = o.id)"] : []),
    ...(has.sends
      ? [
          `EXISTS (SELECT 1 FROM sent AS s
             WHERE s.orderId = o.id AND s.EMAIL >= 2 AND s.SMS >= 2 AND s.PUSH >= 2)`,
        ]
      : []),
  ];
  return (
    db
      .query<OrderCounts, [string, string]>(
        `SELECT count(*) FILTER (WHERE o.createdAt <= ?1 OR ${ends.join(" AND ")}) AS judged,
           count(*) FILTER (WHERE o.createdAt > ?1 AND NOT (${ends.join(" AND ")})) AS younger,
           count(*) FILTER (WHERE o.createdAt > ?2 AND NOT (${ends.join(" AND ")})) AS ahead
         FROM orders.orders AS o`,
      )
      .get(cutoff, now) ?? { judged: 0, younger: 0, ahead: 0 }
  );
}

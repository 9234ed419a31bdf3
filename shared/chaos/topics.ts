import { Database } from "bun:sqlite";
import { join } from "node:path";
import { TOPICS } from "@order-outbox/contracts";
import { firstDeliveries, outOfOrder, redrivenEvents } from "@order-outbox/system";
import { readTopic, type TopicRecord } from "@order-outbox/testing";
import { type Check, check } from "./checks.ts";

/** What the topics and the order of effects show. */
export interface WireCount {
  checks: Check[];
  /** Records in all. */
  records: number;
  /** Records whose event stood in the topic before: allowed. */
  repeats: number;
}

/**
 * Counts the events in the topics: one id per order and topic, and first deliveries in the order of
 * `ce_sequence`. A payments database that was lost or put back counts from a lower number again, so
 * that its records are looked at between `rebirths` (milliseconds since the epoch) only.
 */
export async function countEvents(
  kafkaHost: string,
  folder: string,
  rebirths: readonly number[],
): Promise<WireCount> {
  const created = await readTopic(kafkaHost, TOPICS.orderCreated);
  const results = await readTopic(kafkaHost, TOPICS.paymentProcessed);
  const all = [...created, ...results];
  const ids = [
    ...countIds(TOPICS.orderCreated, created),
    ...countIds(TOPICS.paymentProcessed, results),
  ];
  const late = redrivenEvents(folder);
  const reordered = [
    ...outOfOrder(TOPICS.orderCreated, created, late),
    ...splitAt(results, rebirths).flatMap((part) =>
      outOfOrder(TOPICS.paymentProcessed, part, late),
    ),
  ];
  return {
    records: all.length,
    repeats: all.length - firstDeliveries(created).length - firstDeliveries(results).length,
    checks: [
      check("duplicates", "every order has one event id in each topic", ids),
      check("reorderings", "first deliveries follow the order of commits", reordered),
      check(
        "reorderings",
        "an order's payment was announced after the order itself",
        announcedTooEarly(folder),
      ),
    ],
  };
}

/** Names each order with more than one event in a topic; that there is one is the audit's to say. */
export function countIds(topic: string, records: readonly TopicRecord[]): string[] {
  const byOrder = Map.groupBy(firstDeliveries(records), ({ key }) => key ?? "");
  return [...byOrder].flatMap(([orderId, of]) =>
    of.length > 1 ? [`order ${orderId} has ${of.length} event ids in ${topic}`] : [],
  );
}

/** The records published before the first of `times`, between the first and the second, and so on. */
export function splitAt(
  records: readonly TopicRecord[],
  times: readonly number[],
): TopicRecord[][] {
  const sorted = times.toSorted((a, b) => a - b);
  const bounds = [-Infinity, ...sorted, Infinity];
  return bounds
    .slice(1)
    .map((until, index) =>
      records.filter(
        ({ timestamp }) => timestamp >= (bounds[index] as number) && timestamp < until,
      ),
    );
}

function announcedTooEarly(folder: string): string[] {
  using db = new Database(join(folder, "notifications.db"), { readonly: true });
  return db
    .query<{ orderId: string }, []>(
      `SELECT orderId FROM notifications GROUP BY orderId
       HAVING max(CASE eventType WHEN 'ORDER_CREATED' THEN seq END)
            > min(CASE eventType WHEN 'ORDER_CREATED' THEN NULL ELSE seq END)
         OR max(CASE eventType WHEN 'ORDER_CREATED' THEN createdAt END)
            > min(CASE eventType WHEN 'ORDER_CREATED' THEN NULL ELSE createdAt END)`,
    )
    .all()
    .map(({ orderId }) => `the payment of order ${orderId} was announced before the order`);
}

import type { Database } from "bun:sqlite";
import { EVENTS, TOPICS } from "@order-outbox/contracts";
import { databaseName, SERVICES } from "@order-outbox/registry";
import type { Finding } from "./report.ts";

/**
 * What a verification judges: a connection that has the services' databases attached, as `orders`
 * and so on by the registry, and the tables of scratch.ts filled as far as `has` says.
 */
export interface Facts {
  db: Database;
  /** ISO 8601: younger orders, payments and publications are not judged. */
  cutoff: string;
  /** The cluster that the records come from. */
  clusterId: string;
  has: { topics: boolean; charges: boolean; sends: boolean };
}

/** One check. It may run twice on a system that works on meanwhile. */
export type Rule = (facts: Facts) => Iterable<Finding>;

/** A row of a query, with what makes a finding of it. */
export function* select<Row>(
  { db }: Facts,
  sql: string,
  parameters: Record<string, string | number>,
  toFinding: (row: Row) => Finding | undefined,
): Generator<Finding> {
  const named = Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [`$${name}`, value]),
  );
  for (const row of db.query<Row, [Record<string, string | number>]>(sql).iterate(named)) {
    const finding = toFinding(row);
    if (finding !== undefined) yield finding;
  }
}

/** The publishers that an order passes, and the effects that their events have. */
export const PUBLISHERS = [
  {
    schema: "orders",
    service: "order-service",
    topic: EVENTS.originOf("ORDER_CREATED").topic,
    applied: `EXISTS (SELECT 1 FROM payments.payments AS p WHERE p.orderId = b.orderId)
      AND EXISTS (SELECT 1 FROM told AS t WHERE t.orderId = b.orderId AND t.created >= 3)`,
  },
  {
    schema: "payments",
    service: "payment-service",
    topic: EVENTS.originOf("PAYMENT_SUCCEEDED").topic,
    applied: `EXISTS (SELECT 1 FROM orders.orders AS o
        WHERE o.id = b.orderId AND o.status <> 'PENDING')
      AND EXISTS (SELECT 1 FROM told AS t WHERE t.orderId = b.orderId AND t.results >= 3)`,
  },
] as const;

/** Every topic that a service writes; what takes effect beyond an order's path is not known here. */
export const PUBLICATIONS = SERVICES.flatMap((service) =>
  service.publishes.map((topic) => ({
    schema: databaseName(service),
    topic,
    applied: PUBLISHERS.find((one) => one.topic === topic)?.applied ?? "0",
  })),
);

/**
 * Whether the record `r` is an event that a stranger wrote: its order is not stored, or has an event
 * of its topic in the outbox of its writer, which does not know this one. SQL.
 */
export const IS_FOREIGN = `(${PUBLISHERS.map(
  ({ schema, topic }) => `r.topic = '${topic}'
    AND EXISTS (SELECT 1 FROM ${schema}.outbox AS b WHERE b.orderId = r.key AND b.topic = r.topic)
    AND NOT EXISTS (SELECT 1 FROM ${schema}.outbox AS b WHERE b.eventId = r.eventId)`,
).join(" OR ")} OR NOT EXISTS (SELECT 1 FROM orders.orders AS o WHERE o.id = r.key))`;

/** Whether operators discarded the event of the record `r` at every consumer of its topic. SQL. */
export const IS_DISCARDED = `(${Object.values(TOPICS)
  .map((topic) => {
    const readers = SERVICES.filter(({ consumes }) => consumes.includes(topic)).map(databaseName);
    return [`r.topic = '${topic}'`, ...readers.map(wasDiscarded)].join(" AND ");
  })
  .join(" OR ")})`;

function wasDiscarded(schema: string): string {
  return `EXISTS (SELECT 1 FROM ${schema}.operator_audit AS a
    WHERE a.action = 'DISCARD' AND a.target ->> '$.eventId' = r.eventId)`;
}

/** The event types of ours, for SQL. */
export const KNOWN_TYPES = EVENTS.types.map((type) => `'${type}'`).join(", ");

/**
 * Up to which time of creation rows may be gone from an outbox because they were published long ago;
 * "" when no row is gone. Retention goes by `publishedAt`, so whatever it took was created before the
 * first publication that is left.
 */
export function prunedUntil(db: Database, schema: string): string {
  if (!hasGaps(db, schema)) return "";
  const first = db
    .query<{ at: string | null }, []>(
      `SELECT min(publishedAt) AS at FROM ${schema}.outbox WHERE isPublished = 1`,
    )
    .get();
  return first?.at ?? FOR_EVER;
}

/** Greater than every time. */
export const FOR_EVER = "9";

/** Whether rows are gone from an outbox. Numbers that a restore left out were never rows of it. */
function hasGaps(db: Database, schema: string): boolean {
  const skipped = `SELECT max(0, coalesce(sum(target ->> '$.skippedOutboxIds'), 0))
    FROM ${schema}.operator_audit WHERE action IN ('RESTORE', 'RECOVER_ORDERS')`;
  const { rows, made } = db
    .query<{ rows: number; made: number }, []>(
      `SELECT (SELECT count(*) FROM ${schema}.outbox) + (${skipped}) AS rows,
         (SELECT seq FROM ${schema}.sqlite_sequence WHERE name = 'outbox') AS made`,
    )
    .get() ?? { rows: 0, made: 0 };
  return rows < (made ?? 0);
}

import { databaseName, hasOutbox, SERVICES } from "@order-outbox/registry";
import { type Facts, IS_FOREIGN, PUBLISHERS, select } from "./facts.ts";
import type { Finding } from "./report.ts";

interface Overtaken {
  topic: string;
  partition: number;
  offset: number;
  key: string | null;
  sequence: number;
  before: number;
}

/** Why first deliveries are no finding although they are out of order. */
export type SequenceExcuse = "renumbered" | "redriven";

/**
 * The first deliveries of each partition rise in `ce_sequence`. Where retention has removed the
 * beginning, a repetition of something older cannot be told from a first delivery. A database that
 * was lost and built again numbers its events anew: those of each numbering rise on their own. A row
 * that an operator redrove, and what had to wait behind it, came late because of that.
 *
 * @param onExcused called with how many first deliveries are excused by what
 */
export function* firstDeliveriesRise(
  facts: Facts,
  onExcused: (reason: SequenceExcuse, records: number) => void,
): Generator<Finding> {
  if ([...overtaken(facts, "1", "1")].length === 0) return;
  const suspects = [...overtaken(facts, "1", `NOT ${IS_FOREIGN}`)];
  if (suspects.length === 0) return;
  const numbered = [...overtaken(facts, FROM_THIS_DATABASE, `NOT ${IS_FOREIGN}`)];
  if (numbered.length < suspects.length) {
    onExcused("renumbered", suspects.length - numbered.length);
  }
  const findings = [
    ...overtaken(facts, FROM_THIS_DATABASE, `NOT ${IS_FOREIGN}`, `NOT ${IS_REDRIVEN}`),
  ];
  if (findings.length < numbered.length) onExcused("redriven", numbered.length - findings.length);
  yield* findings;
}

const FROM_THIS_DATABASE = PUBLISHERS.map(
  ({ schema }) => `NOT EXISTS (
    SELECT 1 FROM ${schema}.outbox AS b WHERE b.eventId = f.eventId AND b.id <> f.sequence)`,
).join(" AND ");

/**
 * Whether the event `o` was parked and redriven by an operator, or waited behind one of its key that
 * was redriven or discarded: the audit says so, and nothing else excuses an event.
 */
const IS_REDRIVEN = `(${SERVICES.filter(hasOutbox)
  .map(databaseName)
  .map(
    (schema) => `EXISTS (
      SELECT 1 FROM ${schema}.operator_audit AS a
      LEFT JOIN ${schema}.outbox AS b ON b.eventId = a.target ->> '$.eventId'
      WHERE a.target ->> '$.outboxId' IS NOT NULL
        AND ((a.action = 'REDRIVE' AND a.target ->> '$.eventId' = o.eventId)
          OR (a.action IN ('REDRIVE', 'DISCARD') AND b.topic = o.topic
            AND b.partitionKey = o.key AND b.id < o.sequence)))`,
  )
  .join(" OR ")})`;

const overtaken = (
  facts: Facts,
  numbering: string,
  condition: string,
  unexcused = "1",
): Generator<Finding> =>
  select<Overtaken>(
    facts,
    `WITH first AS (
       SELECT topic, partition, min("offset") AS "offset", key, source, sequence, eventId
       FROM records AS r WHERE eventId IS NOT NULL AND sequence IS NOT NULL AND ${condition}
       GROUP BY topic, partition, eventId
     ), ordered AS (
       SELECT f.*, max(sequence) OVER (
         PARTITION BY topic, partition, source, ${numbering} ORDER BY "offset"
         ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
       FROM first AS f
     )
     SELECT o.topic, o.partition, o."offset", o.key, o.sequence, o.before
     FROM ordered AS o JOIN partitions AS p USING (topic, partition)
     WHERE o.sequence <= o.before AND NOT (p.low > 0 AND o.sequence < p.firstSequence)
       AND ${unexcused}
     ORDER BY o.topic, o.partition, o."offset"`,
    {},
    ({ topic, partition, offset, key, sequence, before }) => ({
      kind: "out-of-order",
      rule: "sequence",
      subject: `${topic}/${partition}/${offset}`,
      orderId: key,
      message: `${topic}/${partition} offset ${offset} (order ${key}) has ce_sequence ${sequence} after ${before}`,
    }),
  );

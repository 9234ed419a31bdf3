import { join } from "node:path";
import { readRows } from "./audit-traces.ts";

/**
 * The ids of events that were parked and redriven, by the audit, and of those that waited behind one
 * of their key that was redriven or discarded.
 */
export function redrivenEvents(dataDir: string): Set<string> {
  const late = `SELECT b.eventId FROM operator_audit AS a
    JOIN outbox AS first ON first.eventId = a.target ->> '$.eventId'
    JOIN outbox AS b ON b.topic = first.topic AND b.partitionKey = first.partitionKey
    WHERE a.target ->> '$.outboxId' IS NOT NULL
      AND (a.action = 'REDRIVE' AND b.id >= first.id OR a.action = 'DISCARD' AND b.id > first.id)`;
  const found = ["orders.db", "payments.db"].flatMap((database) =>
    readRows<{ eventId: string }>(join(dataDir, database), late),
  );
  return new Set(found.map(({ eventId }) => eventId));
}

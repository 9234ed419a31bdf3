import type { Finding } from "./report.ts";

interface HeldRow {
  id: number;
  state: string;
  topic: string;
  partition: number;
  offset: number;
  eventType: string | null;
  eventKey: string | null;
  heldAt: string;
  errorCode: string;
  lastError: string;
}

/** An event that a consumer set aside. */
export function heldFinding(schema: string, row: HeldRow): Finding {
  const { id, state, topic, partition, offset, eventType, eventKey, heldAt } = row;
  const what = `${eventType ?? "a record"} of ${eventKey ?? `${topic}/${partition} offset ${offset}`}`;
  return {
    kind: "stuck",
    rule: "held",
    subject: `${schema}.db/${id}`,
    orderId: eventKey,
    message: `${what} is held in ${schema}.db (${state}, id ${id}) since ${heldAt}: ${row.errorCode}: ${row.lastError}`,
  };
}

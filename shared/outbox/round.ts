import { encodeHeaders } from "@order-outbox/contracts";
import type { OutboundRecord, PartitionBatch } from "@order-outbox/kafka";
import type { PendingRow } from "./store.ts";

/** How much one round may carry. */
export interface RoundLimits {
  /** Rows in all. */
  rows: number;
  /** Characters of payload in all; a single larger row still goes, alone. */
  characters: number;
}

/** One partition's share of a round: its rows in id order and the records made of them. */
export interface RoundPart extends PartitionBatch {
  rows: readonly PendingRow[];
}

/** What is sent to the broker at once. Sent again, it is sent exactly as it is. */
export interface Round {
  parts: readonly RoundPart[];
  rows: number;
}

/** Names a partition in maps. */
export const partitionName = (topic: string, partition: number): string => `${topic}/${partition}`;

/**
 * Chooses what to send next from pending rows in id order: within the limits, and for a partition
 * that is being split not more rows than `rowLimits` says. Rows of one partition keep their order,
 * and none is passed over for a later one.
 *
 * @param at milliseconds since the epoch: the records' timestamp, which is the time of publishing,
 *   because a topic's retention counts from it
 */
export function composeRound(
  pending: readonly PendingRow[],
  partitions: ReadonlyMap<string, number>,
  rowLimits: ReadonlyMap<string, number>,
  limits: RoundLimits,
  source: string,
  at: number,
): Round {
  const parts = new Map<string, { rows: PendingRow[]; records: OutboundRecord[] } & RoundPart>();
  let characters = 0;
  let count = 0;
  for (const row of pending) {
    const partition = row.keyHash % (partitions.get(row.topic) ?? 1);
    const name = partitionName(row.topic, partition);
    let part = parts.get(name);
    if ((part?.rows.length ?? 0) >= (rowLimits.get(name) ?? limits.rows)) continue;
    if (count >= limits.rows) break;
    if (count > 0 && characters + row.payload.length > limits.characters) break;
    if (part === undefined) {
      part = { topic: row.topic, partition, rows: [], records: [] };
      parts.set(name, part);
    }
    part.rows.push(row);
    part.records.push(toRecord(row, source, at));
    characters += row.payload.length;
    count += 1;
  }
  return { parts: [...parts.values()], rows: count };
}

function toRecord(row: PendingRow, source: string, at: number): OutboundRecord {
  return {
    key: row.partitionKey,
    value: row.payload,
    timestamp: at,
    headers: encodeHeaders({
      id: row.eventId,
      type: row.eventType,
      source,
      time: row.createdAt,
      subject: row.orderId,
      sequence: row.id,
      ...(row.traceparent === null ? {} : { traceparent: row.traceparent }),
    }),
  };
}

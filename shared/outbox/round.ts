import { encodeHeaders } from "@order-outbox/events";
import { type OutboundRecord, type PartitionBatch, RecordBatch } from "@order-outbox/kafka";
import type { PendingRow, RoundLimits } from "./store.ts";

/** One partition's share of a round: its rows in id order and the batch made of them. */
export interface RoundPart extends PartitionBatch {
  rows: readonly PendingRow[];
}

/** What is sent to the broker at once. Sent again, it is sent exactly as it is. */
export interface Round {
  parts: readonly RoundPart[];
  rows: number;
  /** Whether the limits ended it, so that more rows are probably waiting. */
  full: boolean;
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
  pending: Iterable<PendingRow>,
  partitions: ReadonlyMap<string, number>,
  rowLimits: ReadonlyMap<string, number>,
  limits: RoundLimits,
  source: string,
  at: number,
): Round {
  const parts = new Map<string, { rows: PendingRow[] } & RoundPart>();
  let bytes = 0;
  let count = 0;
  let full = false;
  for (const row of pending) {
    const partition = row.keyHash % (partitions.get(row.topic) ?? 1);
    const name = partitionName(row.topic, partition);
    const known = parts.get(name);
    if ((known?.rows.length ?? 0) >= (rowLimits.get(name) ?? limits.rows)) continue;
    const part = known ?? { topic: row.topic, partition, rows: [], batch: new RecordBatch() };
    const { batch, rows } = part;
    const size = rows.length === 0 ? 0 : batch.size;
    const room = count === 0 ? Number.POSITIVE_INFINITY : limits.bytes - bytes;
    full = !batch.append(toRecord(row, source, at), size + room);
    if (full) break;
    if (known === undefined) parts.set(name, part);
    rows.push(row);
    bytes += batch.size - size;
    count += 1;
    full = count >= limits.rows;
    if (full) break;
  }
  return { parts: [...parts.values()], rows: count, full };
}

/** The event in the binary mode of CloudEvents. */
export function toRecord(row: PendingRow, source: string, at: number): OutboundRecord {
  return {
    key: row.partitionKey,
    value: row.payload,
    timestamp: at,
    headers: encodeHeaders({
      id: row.eventId,
      type: row.eventType,
      source,
      time: row.createdAt,
      subject: row.subject,
      sequence: row.id,
      ...(row.traceparent === null ? {} : { traceparent: row.traceparent }),
    }),
  };
}

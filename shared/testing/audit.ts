import { Database } from "bun:sqlite";
import { dirname, join } from "node:path";
import { TOPICS } from "@order-outbox/contracts";
import { readTopic, type TopicRecord } from "./kafka-tools.ts";

/** Where the traces of a system are. */
export interface AuditedSystem {
  kafkaHost: string;
  /** Holds the three databases and the ledgers of provider and channels. */
  dataDir: string;
}

/** What an audit found. */
export interface Audit {
  orders: number;
  /** A sentence for each thing that is lost, doubled, out of order or contradicting. */
  findings: string[];
  /** Records whose event id stood in the topic before: allowed, because publishing may repeat. */
  repeatsOnTheWire: number;
}

interface OrderRow {
  id: string;
  status: string;
}

const CHANNELS = ["EMAIL", "SMS", "PUSH"];

/**
 * Follows every order from its row to the far ends: one event, one charge in the provider's ledger,
 * one payment, one result event, the matching status, and one send per channel and event in the
 * channels' ledger. First deliveries of each partition must rise in `ce_sequence`.
 *
 * It counts what is there now; call it when the system rests.
 */
export async function auditSystem({ kafkaHost, dataDir }: AuditedSystem): Promise<Audit> {
  const findings: string[] = [];
  const orders = rows<OrderRow>(join(dataDir, "orders.db"), "SELECT id, status FROM orders");
  const payments = groupBy(
    rows<{ orderId: string; status: string }>(
      join(dataDir, "payments.db"),
      "SELECT orderId, status FROM payments",
    ),
    ({ orderId }) => orderId,
  );
  const notifications = groupBy(
    rows<{ orderId: string }>(
      join(dataDir, "notifications.db"),
      "SELECT orderId FROM notifications",
    ),
    ({ orderId }) => orderId,
  );
  const charges = groupBy(
    ledger(join(dataDir, "provider-ledger.db")),
    ({ entry }) => entry.orderId,
  );
  const sends = groupBy(ledger(join(dataDir, "channels-ledger.db")), ({ entry }) => entry.orderId);
  const created = await readTopic(kafkaHost, TOPICS.orderCreated);
  const results = await readTopic(kafkaHost, TOPICS.paymentProcessed);
  const createdByOrder = groupBy(firstDeliveries(created), ({ key }) => key ?? "");
  const resultsByOrder = groupBy(firstDeliveries(results), ({ key }) => key ?? "");

  const expectCount = (order: OrderRow, what: string, found: number, expected: number) => {
    if (found === expected) return;
    const word = found < expected ? "lost" : "doubled";
    findings.push(`${word}: order ${order.id} has ${found} of ${expected} ${what}`);
  };
  for (const order of orders) {
    const { id } = order;
    expectCount(order, "ORDER_CREATED events", createdByOrder.get(id)?.length ?? 0, 1);
    expectCount(order, "charges in the provider's ledger", charges.get(id)?.length ?? 0, 1);
    expectCount(order, "payments", payments.get(id)?.length ?? 0, 1);
    expectCount(order, "payment result events", resultsByOrder.get(id)?.length ?? 0, 1);
    expectCount(order, "notifications", notifications.get(id)?.length ?? 0, 2 * CHANNELS.length);
    expectCount(order, "sends in the channels' ledger", sends.get(id)?.length ?? 0, 6);
    const paid = payments.get(id)?.[0]?.status;
    const status = { SUCCEEDED: "PAID", FAILED: "PAYMENT_FAILED" }[paid ?? ""] ?? "PENDING";
    if (order.status !== status) {
      findings.push(`contradicting: order ${id} is ${order.status}, its payment ${paid}`);
    }
  }
  const known = new Set(orders.map(({ id }) => id));
  for (const key of createdByOrder.keys()) {
    if (!known.has(key)) findings.push(`invented: an event of order ${key}, which is not stored`);
  }
  const late = redrivenEvents(dataDir);
  findings.push(...outOfOrder(TOPICS.orderCreated, created, late));
  findings.push(...outOfOrder(TOPICS.paymentProcessed, results, late));
  const all = [...created, ...results];
  const repeatsOnTheWire =
    all.length - firstDeliveries(created).length - firstDeliveries(results).length;
  return { orders: orders.length, findings, repeatsOnTheWire };
}

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
    rows<{ eventId: string }>(join(dataDir, database), late),
  );
  return new Set(found.map(({ eventId }) => eventId));
}

/** Rows of a SQLite file, read-only; none when the file does not exist. */
function rows<Row>(path: string, sql: string): Row[] {
  let db: Database;
  try {
    db = new Database(path, { readonly: true });
  } catch (cause) {
    throw new Error(`cannot audit ${path} in ${dirname(path)}`, { cause });
  }
  try {
    return db.query<Row, []>(sql).all();
  } finally {
    db.close();
  }
}

function ledger(path: string): { key: string; entry: { orderId: string } }[] {
  return rows<{ key: string; entry: string }>(path, "SELECT key, entry FROM ledger").map(
    ({ key, entry }) => ({ key, entry: JSON.parse(entry) as { orderId: string } }),
  );
}

/** The first record of every event id. */
export function firstDeliveries(records: readonly TopicRecord[]): TopicRecord[] {
  const seen = new Set<string>();
  return records.filter(({ headers }) => {
    const id = headers.ce_id ?? "";
    return seen.has(id) ? false : seen.add(id);
  });
}

/**
 * Names each first delivery that comes, in its partition, after one with a higher sequence.
 *
 * @param excused ids of events that came late because an operator redrove them
 */
export function outOfOrder(
  topic: string,
  records: readonly TopicRecord[],
  excused: ReadonlySet<string> = new Set(),
): string[] {
  const highest = new Map<number, number>();
  return firstDeliveries(records).flatMap(({ partition, offset, headers }) => {
    const sequence = Number(headers.ce_sequence);
    const before = highest.get(partition) ?? 0;
    highest.set(partition, Math.max(before, sequence));
    return sequence > before || excused.has(headers.ce_id ?? "")
      ? []
      : [`out of order: ${topic}/${partition} offset ${offset} has ${sequence} after ${before}`];
  });
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  return Map.groupBy(items, keyOf);
}

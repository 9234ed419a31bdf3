import { Database } from "bun:sqlite";
import { dirname, join } from "node:path";
import { TOPICS } from "@order-outbox/contracts";
import { readTopic, type TopicRecord } from "@order-outbox/testing";
import { firstDeliveries } from "./first-deliveries.ts";

/** Where the traces of a system are. */
export interface AuditedSystem {
  kafkaHost: string;
  /** Holds the three databases and the ledgers of provider and channels. */
  dataDir: string;
}

interface Payment {
  orderId: string;
  status: string;
}

interface Notification {
  orderId: string;
  eventType: string;
  channel: string;
}

interface Charge {
  orderId: string;
  outcome: string;
}

interface Send {
  orderId: string;
  channel: string;
}

/** What a system has left, each by the id of its order. */
export interface Traces {
  orders: { id: string; status: string }[];
  payments: Map<string, Payment[]>;
  notifications: Map<string, Notification[]>;
  charges: Map<string, Charge[]>;
  sends: Map<string, Send[]>;
  /** All records, and the first deliveries of each order. */
  created: { records: TopicRecord[]; events: Map<string, TopicRecord[]> };
  results: { records: TopicRecord[]; events: Map<string, TopicRecord[]> };
}

/** Reads everything that an audit judges. */
export async function readTraces({ kafkaHost, dataDir }: AuditedSystem): Promise<Traces> {
  const byOrder = <Row extends { orderId: string }>(file: string, sql: string) =>
    Map.groupBy(readRows<Row>(join(dataDir, file), sql), ({ orderId }) => orderId);
  const topic = async (name: string) => {
    const records = await readTopic(kafkaHost, name);
    return { records, events: Map.groupBy(firstDeliveries(records), ({ key }) => key ?? "") };
  };
  return {
    orders: readRows(join(dataDir, "orders.db"), "SELECT id, status FROM orders"),
    payments: byOrder("payments.db", "SELECT orderId, status FROM payments"),
    notifications: byOrder(
      "notifications.db",
      "SELECT orderId, eventType, channel FROM notifications",
    ),
    charges: byOrder(
      "provider-ledger.db",
      "SELECT entry ->> '$.orderId' AS orderId, entry ->> '$.result.outcome' AS outcome FROM ledger",
    ),
    sends: byOrder(
      "channels-ledger.db",
      "SELECT entry ->> '$.orderId' AS orderId, entry ->> '$.channel' AS channel FROM ledger",
    ),
    created: await topic(TOPICS.orderCreated),
    results: await topic(TOPICS.paymentProcessed),
  };
}

/** Rows of a SQLite file, read-only. */
export function readRows<Row>(path: string, sql: string): Row[] {
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

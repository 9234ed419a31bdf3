import type { Database } from "bun:sqlite";
import { TOPICS } from "@order-outbox/contracts";
import type { Facts } from "./facts.ts";
import { heldFinding } from "./held.ts";
import type { Finding } from "./report.ts";

type Consumer = "orders" | "payments" | "notifications";

/** The event whose effect is missing; PAYMENT stands for either result. */
type Cause = "ORDER_CREATED" | "PAYMENT";

interface OutboxRow {
  eventId: string;
  eventType: string;
  isPublished: number;
  publishedAt: string | null;
}

interface Copy {
  eventId: string;
  partition: number;
  offset: number;
}

/**
 * Says why an event of an order has no effect at a consumer: held, not read yet, or lost. Undefined
 * when the event itself is missing, waiting or too young, which other rules tell, and when an
 * operator discarded it.
 */
export type Explain = (
  consumer: Consumer,
  cause: Cause,
  orderId: string,
  missing: string,
) => Finding | undefined;

export function createExplainer({ db, cutoff, clusterId, has }: Facts): Explain {
  const look = {
    orders: prepareLooks(db, "orders"),
    payments: prepareLooks(db, "payments"),
    notifications: prepareLooks(db, "notifications"),
  };
  const outbox = {
    ORDER_CREATED: prepareOutbox(db, "orders", TOPICS.orderCreated),
    PAYMENT: prepareOutbox(db, "payments", TOPICS.paymentProcessed),
  };
  const copiesOf = db.prepare<Copy, [string, string]>(
    `SELECT eventId, partition, "offset" FROM records
     WHERE topic = ? AND key = ? AND eventId IS NOT NULL`,
  );

  return function explain(consumer, cause, orderId, missing) {
    const topic = cause === "PAYMENT" ? TOPICS.paymentProcessed : TOPICS.orderCreated;
    const row = outbox[cause].get(orderId);
    const copies = copiesOf.all(topic, orderId);
    const eventId = row?.eventId ?? copies[0]?.eventId;
    if (eventId === undefined) return undefined;
    if (row !== null && (!row.isPublished || (row.publishedAt ?? "") > cutoff)) return undefined;

    const { nextOffset, held, applied, discarded } = look[consumer];
    // Before the inbox: what is applied meanwhile must not look as if it were passed over.
    const unread = copies.some(
      ({ partition, offset }) =>
        offset >= (nextOffset.get(clusterId, topic, partition)?.nextOffset ?? 0),
    );
    const heldRow = held.get(eventId);
    if (heldRow !== null) return heldFinding(consumer, heldRow);

    const what = `${row?.eventType ?? cause} of order ${orderId}`;
    const finding = (kind: Finding["kind"], rule: string, words: string): Finding => ({
      kind,
      rule,
      subject: eventId,
      orderId,
      message: `${what}: ${words}`,
    });
    if (applied.get(eventId) !== null) {
      if (discarded.get(eventId) !== null) return undefined;
      const words = `the inbox of ${consumer}.db counts it as applied, but ${missing}`;
      return finding("lost", `no-effect-${consumer}`, words);
    }
    if (!has.topics) {
      return finding(
        "stuck",
        `unread-${consumer}`,
        `${consumer}.db has not applied it: ${missing}`,
      );
    }
    if (copies.length === 0) {
      const words = `it is no longer in ${topic}, and ${consumer}.db has not applied it: ${missing}`;
      return finding("lost", "absent", words);
    }
    return unread
      ? finding("stuck", `unread-${consumer}`, `${consumer}.db has not read it yet: ${missing}`)
      : finding(
          "lost",
          `passed-over-${consumer}`,
          `${consumer}.db has read past it, and neither applied nor held it: ${missing}`,
        );
  };
}

function prepareOutbox(db: Database, schema: string, topic: string) {
  return db.prepare<OutboxRow, [string]>(
    `SELECT eventId, eventType, isPublished, publishedAt FROM ${schema}.outbox
     WHERE orderId = ? AND topic = '${topic}' ORDER BY id LIMIT 1`,
  );
}

function prepareLooks(db: Database, schema: Consumer) {
  return {
    nextOffset: db.prepare<{ nextOffset: number }, [string, string, number]>(
      `SELECT nextOffset FROM ${schema}.consumer_offsets
       WHERE clusterId = ? AND topic = ? AND partition = ?`,
    ),
    held: db.prepare<Parameters<typeof heldFinding>[1], [string]>(
      `SELECT * FROM ${schema}.held_events WHERE eventId = ? LIMIT 1`,
    ),
    applied: db.prepare<{ found: number }, [string]>(
      `SELECT 1 AS found FROM ${schema}.inbox WHERE eventId = ?`,
    ),
    discarded: db.prepare<{ found: number }, [string]>(
      `SELECT 1 AS found FROM ${schema}.operator_audit
       WHERE action = 'DISCARD' AND target ->> '$.eventId' = ? LIMIT 1`,
    ),
  };
}

import { databaseName, hasOutbox, SERVICES } from "@order-outbox/registry";
import {
  eventsTakeEffect,
  factsAgree,
  nothingIsHeld,
  notificationsAreSingleAndInOrder,
  ordersAreKnown,
  paymentsAreSingle,
  readEventsAreRemembered,
} from "./effect-rules.ts";
import {
  eventsAreOurs,
  eventsArePublished,
  eventsAreSingle,
  ordersHaveEvents,
  paymentsHaveEvents,
  publishedEventsAreThere,
} from "./event-rules.ts";
import { type Facts, prunedUntil } from "./facts.ts";
import { readNotifications } from "./read-notifications.ts";
import { distinct, type Finding } from "./report.ts";
import { firstDeliveriesRise } from "./sequence-rule.ts";
import { chargesAgree, sendsAgree } from "./world-rules.ts";

/** What a reconciliation found, and what it could not see. */
export interface Reconciliation {
  findings: Finding[];
  notes: string[];
}

/**
 * Holds the facts against each other, from the orders to the far ends. Each link of an order's path
 * is judged by the one before it, so that one break is one finding and not a trail of them.
 *
 * It writes nothing but its own table `told`, and may be called again when the facts have moved on.
 */
export function reconcile(facts: Facts): Reconciliation {
  const { topics, charges, sends } = facts.has;
  const excused: Excused = {
    retention: 0,
    emptied: 0,
    untold: readNotifications(facts),
    renumbered: 0,
    redriven: 0,
  };
  const findings = distinct(
    (function* rules() {
      yield* ordersHaveEvents(facts);
      yield* paymentsHaveEvents(facts);
      yield* eventsArePublished(facts);
      if (topics) {
        yield* publishedEventsAreThere(facts, (reason) => {
          excused[reason] += 1;
        });
      }
      yield* eventsAreSingle(facts);
      if (topics) yield* eventsAreOurs(facts);
      yield* nothingIsHeld(facts);
      yield* eventsTakeEffect(facts);
      if (topics) {
        yield* readEventsAreRemembered(facts);
        yield* firstDeliveriesRise(facts, (reason, records) => {
          excused[reason] = records;
        });
      }
      yield* paymentsAreSingle(facts);
      yield* notificationsAreSingleAndInOrder(facts);
      yield* factsAgree(facts);
      if (charges) yield* chargesAgree(facts);
      if (sends) yield* sendsAgree(facts);
      yield* ordersAreKnown(facts);
    })(),
  );
  return { findings, notes: describeWindow(facts, excused) };
}

/** What looks like a finding, and is none. */
interface Excused {
  retention: number;
  emptied: number;
  untold: number;
  renumbered: number;
  redriven: number;
}

function describeWindow({ db }: Facts, excused: Excused): string[] {
  const notes: string[] = [];
  for (const schema of SERVICES.filter(hasOutbox).map(databaseName)) {
    const until = prunedUntil(db, schema);
    if (until !== "") notes.push(`old rows were deleted from the outbox of ${schema}.db`);
    const discarded = db
      .query<{ n: number }, []>(`SELECT count(discardedAt) AS n FROM ${schema}.outbox`)
      .get()?.n;
    if (discarded) notes.push(`operators discarded ${discarded} events of ${schema}.db`);
  }
  for (const schema of SERVICES.map(databaseName)) {
    const restored = db
      .query<{ at: string; copiedAt: string }, []>(
        `SELECT at, target ->> '$.copiedAt' AS copiedAt FROM ${schema}.operator_audit
         WHERE action = 'RESTORE' ORDER BY at DESC LIMIT 1`,
      )
      .get();
    if (restored === null) continue;
    notes.push(`${schema}.db was restored at ${restored.at} from a copy of ${restored.copiedAt}`);
  }
  if (excused.untold > 0) {
    notes.push(`the notifications of ${excused.untold} orders were deleted from notifications.db`);
  }
  const removed = db
    .query<{ topic: string; removed: number }, []>(
      "SELECT topic, sum(low) AS removed FROM partitions GROUP BY topic HAVING sum(low) > 0",
    )
    .all();
  for (const { topic, removed: records } of removed) {
    notes.push(`retention has removed ${records} records from ${topic}`);
  }
  if (excused.retention > 0) {
    notes.push(`${excused.retention} published events are older than what their topic still has`);
  }
  if (excused.emptied > 0) {
    notes.push(
      `${excused.emptied} published events are not in their topic, but took effect at every consumer: the topic was emptied since`,
    );
  }
  if (excused.renumbered > 0) {
    notes.push(
      `${excused.renumbered} first deliveries seem out of order because a lost database was built again and numbers its events anew`,
    );
  }
  if (excused.redriven > 0) {
    notes.push(
      `${excused.redriven} first deliveries came after later ones because operators redrove them`,
    );
  }
  return notes;
}

import { join } from "node:path";
import { TOPICS } from "@order-outbox/contracts";
import { type AuditedSystem, readRows, readTraces, type Traces } from "./audit-traces.ts";
import { outOfOrder } from "./first-deliveries.ts";
import { redrivenEvents } from "./redriven-events.ts";

/** What an audit found. */
export interface Audit {
  orders: number;
  /** A sentence for each thing that is lost, doubled, out of order, contradicting or invented. */
  findings: string[];
  /** Records whose event id stood in the topic before: allowed, because publishing may repeat. */
  repeatsOnTheWire: number;
}

const CHANNELS = ["EMAIL", "SMS", "PUSH"];

/**
 * Follows every order from its row to the far ends: one event, one charge in the provider's ledger,
 * one payment, one result event, the matching status, one notification per channel and event, and as
 * many sends in the channels' ledger. First deliveries of each partition must rise in `ce_sequence`,
 * and a customer must be told of the order before its payment.
 *
 * It counts what is there now; call it when the system rests.
 */
export async function auditSystem(system: AuditedSystem): Promise<Audit> {
  const traces = await readTraces(system);
  const { orders, created, results } = traces;
  const late = redrivenEvents(system.dataDir);
  const repeats = ({ records, events }: Traces["created"]) =>
    records.length - [...events.values()].flat().length;
  return {
    orders: orders.length,
    findings: [
      ...orders.flatMap((order) => [
        ...countTraces(order, traces),
        ...findContradictions(order, traces),
      ]),
      ...findInvented(traces),
      ...toldTooEarly(system.dataDir),
      ...outOfOrder(TOPICS.orderCreated, created.records, late),
      ...outOfOrder(TOPICS.paymentProcessed, results.records, late),
    ],
    repeatsOnTheWire: repeats(created) + repeats(results),
  };
}

type Order = Traces["orders"][number];

/** Each thing that an order has too little or too much of. */
function countTraces({ id }: Order, traces: Traces): string[] {
  const { created, results, charges, payments } = traces;
  const told = traces.notifications.get(id) ?? [];
  const sent = traces.sends.get(id) ?? [];
  const counts: [what: string, found: number, expected: number][] = [
    ["ORDER_CREATED events", created.events.get(id)?.length ?? 0, 1],
    ["charges in the provider's ledger", charges.get(id)?.length ?? 0, 1],
    ["payments", payments.get(id)?.length ?? 0, 1],
    ["payment result events", results.events.get(id)?.length ?? 0, 1],
    ...CHANNELS.flatMap((name): typeof counts => {
      const of = told.filter(({ channel }) => channel === name);
      const ofOrder = of.filter(({ eventType }) => eventType === "ORDER_CREATED").length;
      return [
        [`notifications of itself by ${name}`, ofOrder, 1],
        [`notifications of its payment by ${name}`, of.length - ofOrder, 1],
        [`sends by ${name}`, sent.filter(({ channel }) => channel === name).length, 2],
      ];
    }),
  ];
  return counts.flatMap(([what, found, expected]) => {
    const word = found < expected ? "lost" : "doubled";
    return found === expected ? [] : [`${word}: order ${id} has ${found} of ${expected} ${what}`];
  });
}

const STATUS_OF: Record<string, string> = { SUCCEEDED: "PAID", FAILED: "PAYMENT_FAILED" };
const OUTCOME_OF: Record<string, string> = { SUCCEEDED: "ACCEPTED", FAILED: "DECLINED" };

/** The status of an order, its charge and its result event say what its payment says. */
function findContradictions({ id, status }: Order, traces: Traces): string[] {
  const paid = traces.payments.get(id)?.[0]?.status;
  const expected = STATUS_OF[paid ?? ""] ?? "PENDING";
  const found = status === expected ? [] : [`order ${id} is ${status}, its payment ${paid}`];
  if (paid !== undefined) {
    for (const { outcome } of traces.charges.get(id) ?? []) {
      if (outcome === OUTCOME_OF[paid]) continue;
      found.push(`the payment of order ${id} ${paid}, its charge ${outcome}`);
    }
    for (const { headers } of traces.results.events.get(id) ?? []) {
      if (headers.ce_type === `PAYMENT_${paid}`) continue;
      found.push(`the payment of order ${id} ${paid}, its event ${headers.ce_type}`);
    }
  }
  return found.map((text) => `contradicting: ${text}`);
}

/** Whatever belongs to an order that is not stored. */
function findInvented(traces: Traces): string[] {
  const known = new Set(traces.orders.map(({ id }) => id));
  const places = {
    "an ORDER_CREATED event": traces.created.events,
    "a charge": traces.charges,
    "a payment": traces.payments,
    "a payment result event": traces.results.events,
    "a notification": traces.notifications,
    "a send": traces.sends,
  };
  return Object.entries(places).flatMap(([what, byOrder]) =>
    [...byOrder.keys()]
      .filter((id) => !known.has(id))
      .map((id) => `invented: ${what} of order ${id}, which is not stored`),
  );
}

/**
 * Orders whose customer was told of the payment first. An event has one place for all its channels:
 * one that was told later than the others is known by the time.
 */
function toldTooEarly(dataDir: string): string[] {
  return readRows<{ orderId: string }>(
    join(dataDir, "notifications.db"),
    `SELECT orderId FROM (
       SELECT orderId,
         max(seq) FILTER (WHERE eventType = 'ORDER_CREATED') AS lastOfOrder,
         min(seq) FILTER (WHERE eventType <> 'ORDER_CREATED') AS firstOfPayment,
         min(createdAt) FILTER (WHERE eventType = 'ORDER_CREATED') AS toldFirst,
         max(createdAt) FILTER (WHERE eventType = 'ORDER_CREATED') AS toldLast,
         min(createdAt) FILTER (WHERE eventType <> 'ORDER_CREATED') AS paymentTold
       FROM notifications GROUP BY orderId)
     WHERE lastOfOrder > firstOfPayment OR toldFirst < toldLast AND toldLast > paymentTold`,
  ).map(({ orderId }) => `out of order: order ${orderId} was told of after its payment`);
}

import { type Facts, select } from "./facts.ts";
import type { Finding } from "./report.ts";

/** The provider's own records: each payment was charged once, as the payment says. */
export function* chargesAgree(facts: Facts): Generator<Finding> {
  yield* select<{ orderId: string; n: number }>(
    facts,
    "SELECT orderId, count(*) AS n FROM charges GROUP BY orderId HAVING n > 1",
    {},
    ({ orderId, n }) => ({
      kind: "doubled",
      rule: "charges",
      subject: orderId,
      orderId,
      message: `order ${orderId} was charged ${n} times, by the provider's ledger`,
    }),
  );
  yield* select<{ orderId: string; charged: number }>(
    facts,
    `SELECT p.orderId,
       EXISTS (SELECT 1 FROM charges AS c WHERE c.orderId = p.orderId) AS charged
     FROM payments.payments AS p
     WHERE p.createdAt <= $cutoff AND NOT EXISTS (
       SELECT 1 FROM charges AS c
       WHERE c.orderId = p.orderId AND c.transactionId = p.transactionId AND c.amount = p.amount
         AND c.outcome = CASE p.status WHEN 'SUCCEEDED' THEN 'ACCEPTED' ELSE 'DECLINED' END)`,
    { cutoff: facts.cutoff },
    ({ orderId, charged }) =>
      charged
        ? {
            kind: "contradicting",
            rule: "charge",
            subject: orderId,
            orderId,
            message: `the payment of order ${orderId} has another outcome, amount or transaction than the provider's ledger`,
          }
        : {
            kind: "lost",
            rule: "no-charge",
            subject: orderId,
            orderId,
            message: `the payment of order ${orderId} has no charge in the provider's ledger`,
          },
  );
}

interface Sends {
  orderId: string;
  channel: string;
  n: number;
}

/** The channels' own records: two sends per order and channel, and none that is only claimed. */
export function* sendsAgree(facts: Facts): Generator<Finding> {
  for (const channel of ["EMAIL", "SMS", "PUSH"]) {
    yield* select<Sends>(
      facts,
      `SELECT orderId, '${channel}' AS channel, ${channel} AS n FROM sent WHERE ${channel} > 2`,
      {},
      ({ orderId, n }) => ({
        kind: "doubled",
        rule: "sends",
        subject: `${orderId}/${channel}`,
        orderId,
        message: `order ${orderId} was sent ${n} messages by ${channel}, not 2, by the channels' ledger`,
      }),
    );
  }
  // First the orders whose sums do not fit: looking up every send would take far longer.
  yield* select<{ orderId: string; eventType: string; channel: string }>(
    facts,
    `SELECT n.orderId, n.eventType, n.channel
     FROM told AS t LEFT JOIN sent AS s USING (orderId)
     JOIN notifications.notifications AS n ON n.orderId = t.orderId
     WHERE t.createdRows + t.resultRows > coalesce(s.EMAIL + s.SMS + s.PUSH, 0)
       AND NOT EXISTS (SELECT 1 FROM channels.ledger AS l
         WHERE l.key IN ('order:' || n.orderId || ':'
           || CASE n.eventType WHEN 'ORDER_CREATED' THEN 'created' ELSE 'payment' END
           || '/' || n.channel, n.eventId || '/' || n.channel))`,
    {},
    ({ orderId, eventType, channel }) => ({
      kind: "lost",
      rule: "no-send",
      subject: `${orderId}/${eventType}/${channel}`,
      orderId,
      message: `the ${channel} of ${eventType} of order ${orderId} is recorded as sent, but is not in the channels' ledger`,
    }),
  );
}

import type { Database, PrunableTable } from "@order-outbox/sqlite";

/**
 * An order is finished when its payment's result, which comes last, was sent on every channel. Until
 * then its rows are needed: the payment's event waits for them, and a repeated attempt asks them
 * which channels are done. The last row of an order stands for all of it, and they go together.
 * `max` is NULL, and so not true, while a channel has not sent.
 */
const FINISHED = `
  eventType <> 'ORDER_CREATED' AND max(emailSentAt, smsSentAt, pushSentAt) < $before
  AND NOT EXISTS (SELECT 1 FROM held_events WHERE eventKey = this.orderId)`;

export function prunableNotifications(db: Database): PrunableTable<number> {
  const scan = db.prepare<
    { seq: number; old: number | null; young: number },
    { after: number; before: string; limit: number }
  >(
    `SELECT seq, (${FINISHED}) AS old,
       coalesce(emailSentAt, smsSentAt, pushSentAt) >= $before AS young
     FROM notified_events AS this WHERE seq > $after ORDER BY seq LIMIT $limit`,
  );
  const remove = db.prepare<unknown, { seqs: string; before: string }>(
    `DELETE FROM notified_events WHERE orderId IN (
       SELECT orderId FROM notified_events AS this
       WHERE seq IN (SELECT value FROM json_each($seqs)) AND ${FINISHED})`,
  );
  const count = db.prepare<unknown, [number]>("UPDATE pruned_events SET total = total + ?");
  return {
    table: "notified_events",
    scan(after = 0, before, limit) {
      const rows = scan.all({ after, before, limit });
      const more = rows.length === limit && rows.some(({ young }) => young === 0);
      return {
        old: rows.filter(({ old }) => old === 1).map(({ seq }) => seq),
        last: more ? rows.at(-1)?.seq : undefined,
      };
    },
    remove(seqs, before) {
      const { changes } = remove.run({ seqs: JSON.stringify(seqs), before });
      count.run(changes);
      return changes;
    },
  };
}

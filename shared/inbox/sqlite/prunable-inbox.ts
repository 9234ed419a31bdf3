import type { Database, PrunableTable } from "@order-outbox/sqlite";

/** Where a row stands in the order of the inbox's key. */
export interface InboxPlace {
  eventId: string;
  source: string;
  consumer: string;
}

/**
 * The rows of one consumer. Follow-up events have random ids, so age has nothing to do with the order
 * of the rows. A walk over all of them, those of others too, from time to time is cheaper than an
 * index that every event would have to pay for.
 */
export function prunableInbox(db: Database, consumer: string): PrunableTable<InboxPlace> {
  const scan = db.prepare<InboxPlace & { old: number }, Record<string, string | number>>(
    `SELECT eventId, source, consumer, consumer = $own AND processedAt < $before AS old FROM inbox
     WHERE (eventId, source, consumer) > ($eventId, $source, $consumer)
     ORDER BY eventId, source, consumer LIMIT $limit`,
  );
  const remove = db.prepare<unknown, { places: string; own: string; before: string }>(
    `DELETE FROM inbox
     WHERE (eventId, source, consumer) IN
         (SELECT value ->> 'eventId', value ->> 'source', $own FROM json_each($places))
       AND processedAt < $before`,
  );
  return {
    table: "inbox",
    scan(after = { eventId: "", source: "", consumer: "" }, before, limit) {
      const { eventId, source } = after;
      const place = { eventId, source, consumer: after.consumer };
      const rows = scan.all({ ...place, own: consumer, before, limit });
      return {
        old: rows.filter(({ old }) => old === 1),
        last: rows.length === limit ? rows.at(-1) : undefined,
      };
    },
    remove: (places, before) =>
      remove.run({ places: JSON.stringify(places), own: consumer, before }).changes,
  };
}

import type { Database } from "bun:sqlite";

/** Reads what is new in the provider's ledger, attached as `provider`. */
export function readCharges(db: Database): void {
  db.run(`
    INSERT INTO charges (id, key, orderId, amount, outcome, transactionId)
    SELECT id, key, entry ->> '$.orderId', entry ->> '$.amount', entry ->> '$.result.outcome',
      entry ->> '$.result.transactionId'
    FROM provider.ledger WHERE id > (SELECT coalesce(max(id), 0) FROM charges)`);
}

/**
 * Counts the sends of each order in the channels' ledger, attached as `channels`.
 *
 * @param after the last id that was counted before
 * @returns the last id counted now
 */
export function readSends(db: Database, after: number): number {
  const last =
    db.query<{ id: number | null }, []>("SELECT max(id) AS id FROM channels.ledger").get()?.id ?? 0;
  db.query<unknown, [number, number]>(
    `INSERT INTO sent (orderId, EMAIL, SMS, PUSH)
     SELECT entry ->> '$.orderId', sum(entry ->> '$.channel' = 'EMAIL'),
       sum(entry ->> '$.channel' = 'SMS'), sum(entry ->> '$.channel' = 'PUSH')
     FROM channels.ledger WHERE id > ? AND id <= ? GROUP BY 1 HAVING true
     ON CONFLICT DO UPDATE SET
       EMAIL = EMAIL + excluded.EMAIL, SMS = SMS + excluded.SMS, PUSH = PUSH + excluded.PUSH`,
  ).run(after, last);
  return last;
}

import type { Database, SQLQueryBindings } from "bun:sqlite";

/** More with one statement buys no more. */
const AT_ONCE = 16;

/**
 * Prepares the insertion of rows inside a transaction, sixteen with one statement: a statement costs
 * about a microsecond whatever it writes. Gives how many rows were written or changed.
 *
 * @param into the table and its columns, as in `orders (id, amount)`
 * @param conflict what becomes of a row that is there, as in `ON CONFLICT (id) DO NOTHING`
 */
export function prepareInsertRows<Row extends readonly SQLQueryBindings[]>(
  db: Database,
  into: string,
  conflict = "",
): (rows: readonly Row[]) => number {
  const row = `(${into
    .slice(into.indexOf("("))
    .split(",")
    .map(() => "?")
    .join(", ")})`;
  const prepare = (rows: number) =>
    db.prepare<unknown, SQLQueryBindings[]>(
      `INSERT INTO ${into} VALUES ${Array(rows).fill(row).join(", ")} ${conflict}`,
    );
  const one = prepare(1);
  const many = prepare(AT_ONCE);
  return (rows) => {
    let changes = 0;
    let at = 0;
    for (; at + AT_ONCE <= rows.length; at += AT_ONCE) {
      changes += many.run(...rows.slice(at, at + AT_ONCE).flat()).changes;
    }
    for (; at < rows.length; at++) changes += one.run(...(rows[at] as Row)).changes;
    return changes;
  };
}

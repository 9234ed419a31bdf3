import type { Database } from "bun:sqlite";
import { faultOfStored, type StoredEvent } from "@order-outbox/contracts";
import {
  count,
  createProgress,
  defineCommand,
  EXIT,
  openToWrite,
  parseWhole,
  printJson,
  requireOutbox,
  requireReason,
  requireService,
  requireToRead,
  UserError,
  writeAtOnce,
} from "@order-outbox/tool-kit";

const STEP_ROWS = 500;
const PAUSE_MS = 20;

export const republish = defineCommand({
  name: "republish",
  summary: "publish published rows of an outbox again, under their old ids",
  usage: `republish --service NAME (--id N | --key KEY | --from-id N) --reason "…" [--dry-run]

For events that the broker has lost, as "verify" names them. The rows are made pending again in the
order of their ids, ${STEP_ROWS} in a transaction, and the relay publishes them within seconds.
Consumers skip what they know, so a few too many do no harm.
  --id N             this row
  --key KEY          every row of this key (the order's id)
  --from-id N        this row and every later one
  --reason TEXT      why; kept in the audit
  --dry-run          count the rows`,
  options: {
    service: { type: "string" },
    id: { type: "string" },
    key: { type: "string" },
    "from-id": { type: "string" },
    reason: { type: "string" },
    "dry-run": { type: "boolean", default: false },
  },
  async run(values, { dataDir, json }) {
    const service = requireService(values.service);
    requireOutbox(service);
    const filter = readFilter(values.id, values.key, values["from-id"]);
    const dryRun = values["dry-run"];
    const reason = dryRun ? "" : requireReason(values.reason);
    using db = dryRun ? requireToRead(dataDir, service) : openToWrite(dataDir, service);
    const found = find(db, filter);
    if (filter.id !== undefined && found.rows === 0) {
      throw new UserError(`outbox row ${filter.id} is not published; see show or list`);
    }
    const pending = dryRun ? 0 : await makePending(db, service.name, { filter, found, reason });
    if (json) printJson({ service: service.name, dryRun, found: found.rows, pending });
    else if (dryRun)
      console.log(`${service.name}: would publish ${count(found.rows, "row")} again`);
    else console.log(`${service.name}: ${count(pending, "published row")} pending again`);
    return EXIT.done;
  },
});

interface Filter {
  id: number | undefined;
  key: string | undefined;
  fromId: number | undefined;
}

function readFilter(id?: string, key?: string, fromId?: string): Filter {
  if ([id, key, fromId].filter((given) => given !== undefined).length !== 1) {
    throw new UserError("say which rows: --id, --key or --from-id, one of them");
  }
  return {
    id: id === undefined ? undefined : parseWhole("--id", id, 1),
    key,
    fromId: fromId === undefined ? undefined : parseWhole("--from-id", fromId, 1),
  };
}

/** The published rows that a filter takes. `orderId` has an index; in an outbox of ours it is the key. */
const MATCHING = `isPublished = 1 AND ($id IS NULL OR id = $id)
  AND ($key IS NULL OR (orderId = $key AND partitionKey = $key))`;

interface Found {
  rows: number;
  lastId: number;
}

function find(db: Database, { id, key, fromId }: Filter): Found {
  const found = db
    .query<Found, Record<string, string | number | null>>(
      `SELECT count(*) AS rows, coalesce(max(id), 0) AS lastId FROM outbox
       WHERE id >= $from AND ${MATCHING}`,
    )
    .get({ from: fromId ?? 0, id: id ?? null, key: key ?? null });
  return found ?? { rows: 0, lastId: 0 };
}

/** Goes upward by id, so that a relay that publishes meanwhile keeps the order of each key. */
async function makePending(
  db: Database,
  service: string,
  { filter, found, reason }: { filter: Filter; found: Found; reason: string },
): Promise<number> {
  const progress = createProgress();
  let pending = 0;
  for (let from = filter.fromId ?? 0; from <= found.lastId && found.rows > 0; ) {
    const ids = nextIds(db, filter, from, found.lastId);
    const last = ids.at(-1);
    if (last === undefined) break;
    requireSound(db, ids);
    pending += writeAtOnce(db, () => {
      if (pending === 0) audit(db, { ...filter, toId: found.lastId, rows: found.rows }, reason);
      return db
        .query<unknown, [string]>(
          `UPDATE outbox SET isPublished = 0, publishedAt = NULL
           WHERE isPublished = 1 AND id IN (SELECT value FROM json_each(?))`,
        )
        .run(JSON.stringify(ids)).changes;
    });
    from = last + 1;
    progress.show(`republishing ${service}`, pending, found.rows);
    await Bun.sleep(PAUSE_MS);
  }
  progress.end();
  return pending;
}

function nextIds(db: Database, { id, key }: Filter, from: number, to: number): number[] {
  return db
    .query<{ id: number }, Record<string, string | number | null>>(
      `SELECT id FROM outbox WHERE id >= $from AND id <= $to AND ${MATCHING}
       ORDER BY id LIMIT ${STEP_ROWS}`,
    )
    .all({ from, to, id: id ?? null, key: key ?? null })
    .map((row) => row.id);
}

/** @throws UserError when a row is no event that readers take: neither it nor later ones are touched */
function requireSound(db: Database, ids: readonly number[]): void {
  const rows = db.query<StoredEvent & { id: number }, [string]>(
    `SELECT id, eventType, topic, orderId, partitionKey, payload FROM outbox
     WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id`,
  );
  for (const { id, ...row } of rows.iterate(JSON.stringify(ids))) {
    const fault = faultOfStored(row);
    if (fault === undefined) continue;
    throw new UserError(
      `outbox row ${id} is not published again, readers would refuse it: ${fault}`,
    );
  }
}

function audit(db: Database, target: object, reason: string): void {
  db.query<unknown, [string, string, string]>(
    "INSERT INTO operator_audit (at, action, target, reason) VALUES (?, 'REPUBLISH', ?, ?)",
  ).run(new Date().toISOString(), JSON.stringify(target), reason);
}

import type { Database } from "bun:sqlite";
import { hasOutbox, type Service } from "@order-outbox/registry";
import {
  chooseServices,
  count,
  createProgress,
  defineCommand,
  EXIT,
  openToRead,
  openToWrite,
  parseSpan,
  printJson,
  requireOutbox,
  requireService,
  requireToRead,
  UserError,
  writeAtOnce,
} from "@order-outbox/tool-kit";

const STEP_ROWS = 500;
const PAUSE_MS = 20;

export const prune = defineCommand({
  name: "prune",
  summary: "delete old published rows of the outboxes",
  usage: `prune --outbox-older-than SPAN [--service NAME] [--dry-run]

Deletes rows that were published longer ago than SPAN (such as 30d), ${STEP_ROWS} in a transaction
with a pause between, so that orders are taken meanwhile. Pending, parked and discarded rows stay.
Without this the outbox is kept for ever, as an audit trail. The inbox is not pruned here: its
service does that itself, because its inbox must outlive the topics.
  --service NAME     only this service
  --dry-run          count the rows`,
  options: {
    "outbox-older-than": { type: "string" },
    "inbox-older-than": { type: "string" },
    service: { type: "string" },
    "dry-run": { type: "boolean", default: false },
  },
  async run(values, { dataDir, json }) {
    if (values["inbox-older-than"] !== undefined) {
      throw new UserError("a service prunes its inbox by itself: it must outlive the topics");
    }
    const span = values["outbox-older-than"];
    if (span === undefined)
      throw new UserError("say how old with --outbox-older-than, such as 30d");
    const before = new Date(Date.now() - parseSpan("--outbox-older-than", span)).toISOString();
    if (values.service !== undefined) {
      const service = requireService(values.service);
      requireOutbox(service);
      requireToRead(dataDir, service).close();
    }
    const results: PruneResult[] = [];
    for (const service of chooseServices(values.service).filter(hasOutbox)) {
      const found = find(dataDir, service, before);
      if (found === undefined) continue;
      const deleted = values["dry-run"] ? 0 : await deleteOld(dataDir, service, before, found);
      const freeBytes = freeSpace(dataDir, service);
      results.push({ service: service.name, found: found.rows, deleted, freeBytes });
    }
    if (json) printJson({ before, dryRun: values["dry-run"], services: results });
    else print(dataDir, results, values["dry-run"]);
    return EXIT.done;
  },
});

interface PruneResult {
  service: string;
  found: number;
  deleted: number;
  /** What VACUUM would give back to the file system. */
  freeBytes: number;
}

interface Found {
  rows: number;
  lastId: number;
}

function find(dataDir: string, service: Service, before: string): Found | undefined {
  using db = openToRead(dataDir, service);
  return (
    db
      ?.query<Found, [string]>(
        `SELECT count(*) AS rows, coalesce(max(id), 0) AS lastId FROM outbox
         WHERE isPublished = 1 AND publishedAt < ?`,
      )
      .get(before) ?? undefined
  );
}

async function deleteOld(
  dataDir: string,
  service: Service,
  before: string,
  { rows, lastId }: Found,
): Promise<number> {
  using db = openToWrite(dataDir, service);
  const progress = createProgress();
  let deleted = 0;
  for (let after = 0; after < lastId; ) {
    // Chosen outside of the transaction, so that the lock is held for the deletion alone.
    const ids = nextIds(db, before, after, lastId);
    const last = ids.at(-1);
    if (last === undefined) break;
    deleted += writeAtOnce(db, () => {
      if (after === 0) audit(db, before, rows);
      return db
        .query<unknown, [string]>(
          `DELETE FROM outbox
           WHERE isPublished = 1 AND id IN (SELECT value FROM json_each(?))`,
        )
        .run(JSON.stringify(ids)).changes;
    });
    after = last;
    progress.show(`pruning ${service.name}`, deleted, rows);
    await Bun.sleep(PAUSE_MS);
  }
  progress.end();
  return deleted;
}

function nextIds(db: Database, before: string, after: number, last: number): number[] {
  return db
    .query<{ id: number }, [number, number, string, number]>(
      `SELECT id FROM outbox WHERE id > ? AND id <= ? AND isPublished = 1 AND publishedAt < ?
       ORDER BY id LIMIT ?`,
    )
    .all(after, last, before, STEP_ROWS)
    .map(({ id }) => id);
}

function audit(db: Database, before: string, rows: number): void {
  const target = JSON.stringify({ publishedBefore: before, rows });
  db.query<unknown, [string, string]>(
    "INSERT INTO operator_audit (at, action, target) VALUES (?, 'PRUNE_OUTBOX', ?)",
  ).run(new Date().toISOString(), target);
}

function freeSpace(dataDir: string, service: Service): number {
  using db = requireToRead(dataDir, service);
  const pragma = (name: string) =>
    Object.values(db.query<Record<string, number>, []>(`PRAGMA ${name}`).get() ?? {})[0] ?? 0;
  return pragma("freelist_count") * pragma("page_size");
}

function print(dataDir: string, results: readonly PruneResult[], dryRun: boolean): void {
  if (results.length === 0) console.log(`no outbox in ${dataDir} yet`);
  for (const { service, found, deleted, freeBytes } of results) {
    if (dryRun) {
      console.log(`${service}: would delete ${count(found, "row")}`);
      continue;
    }
    const mebibytes = Math.round(freeBytes / 2 ** 20);
    const hint =
      mebibytes > 0
        ? `; ${mebibytes} MiB of its file are free for new rows: to shrink it, stop the service and run VACUUM`
        : "";
    console.log(`${service}: deleted ${count(deleted, "row")}${hint}`);
  }
}

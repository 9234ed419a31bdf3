import type { OutboxDesk } from "@order-outbox/operator";
import { hasOutbox, type Service } from "@order-outbox/registry";
import type { Database } from "@order-outbox/sqlite";
import {
  chooseServices,
  count,
  createProgress,
  defineCommand,
  EXIT,
  parseSpan,
  printJson,
  requireOutbox,
  requireService,
  requireToRead,
  UserError,
} from "@order-outbox/tool-kit";

import { findDesks, openDesks } from "./desks.ts";

export const prune = defineCommand({
  name: "prune",
  summary: "delete old published rows of the outboxes",
  usage: `prune --outbox-older-than SPAN [--service NAME] [--dry-run]

Deletes rows that were published longer ago than SPAN (such as 30d), 500 in a transaction
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
      const result = await pruneOne(dataDir, service, before, values["dry-run"]);
      if (result !== undefined) results.push(result);
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

async function pruneOne(
  dataDir: string,
  service: Service,
  before: string,
  dryRun: boolean,
): Promise<PruneResult | undefined> {
  using looking = findDesks(dataDir, service);
  if (looking?.outbox === undefined) return undefined;
  const found = await looking.outbox.countPublishedBefore(before);
  const deleted = dryRun || found === 0 ? 0 : await deleteOld(dataDir, service, before);
  return { service: service.name, found, deleted, freeBytes: freeSpace(looking.db) };
}

async function deleteOld(dataDir: string, service: Service, before: string): Promise<number> {
  using desks = openDesks(dataDir, service);
  const progress = createProgress();
  const deleted = await (desks.outbox as OutboxDesk).prune(before, {
    onProgress: (done, of) => progress.show(`pruning ${service.name}`, done, of),
  });
  progress.end();
  return deleted;
}

function freeSpace(db: Database): number {
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

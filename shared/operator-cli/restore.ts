import type { Database } from "bun:sqlite";
import { existsSync, linkSync, realpathSync, renameSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  createProgress,
  databasePath,
  defineCommand,
  EXIT,
  formatBytes,
  formatMs,
  printJson,
  requireReason,
  requireService,
  UserError,
} from "@order-outbox/tool-kit";
import { copyDatabase, syncName } from "./backup/copy-database.ts";
import { holdAlone, refuseIfOpen } from "./backup/hold-alone.ts";
import { findOpeners } from "./backup/openers.ts";
import { prepareRestored } from "./backup/prepare-restored.ts";

const STARTS_MS = 200;

export const restore = defineCommand({
  name: "restore",
  summary: "put a copy in the place of a stopped service's database",
  usage: `restore --from FOLDER --service NAME --reason "…" [--unreadable]

Stop the service first, and what would start it again: a database in use is refused. The present
files are moved aside, never deleted; the copy is checked, and numbers its next events beyond those
that were numbered since. What comes back by itself then, what does not, and what "verify" says of
it, is different for each database: docs/operations.md, "Backup and restore".
  --from FOLDER      of a backup
  --reason TEXT      why; kept in the audit
  --unreadable       the present file is no readable database: it cannot be told for certain that
                     nobody has it open, so you say that the service is stopped`,
  options: {
    from: { type: "string" },
    service: { type: "string" },
    reason: { type: "string" },
    unreadable: { type: "boolean", default: false },
  },
  async run(values, { dataDir, json }) {
    const service = requireService(values.service);
    if (values.from === undefined) throw new UserError("say where the copy is with --from FOLDER");
    const reason = requireReason(values.reason);
    const source = join(resolve(values.from), service.database);
    const path = followLinks(databasePath(resolve(dataDir), service));
    requireCopy(source, path);
    if (!existsSync(dataDir)) {
      throw new UserError(`there is no folder ${dataDir}: make it first, if it is the right one`);
    }
    const at = new Date();
    const prepared = `${path}.${Bun.randomUUIDv7()}.restoring`;
    using held = holdPresent(path, values.unreadable);
    const progress = createProgress();
    const copy = await copyDatabase(source, prepared, (done, total) =>
      progress.show(`KiB of ${service.database}`, Math.ceil(done / 1024), Math.ceil(total / 1024)),
    ).finally(() => progress.end());
    try {
      const skipped = prepareRestored(prepared, service, {
        at: at.toISOString(),
        reason,
        from: source,
        copiedAt: statSync(source).mtime.toISOString(),
        present: held.db,
      });
      const aside = moveAside(path, at);
      renameSync(prepared, path);
      syncName(path);
      held[Symbol.dispose]();
      if (aside !== null) await refuseIfStarted(aside, service.name);
      const result = { service: service.name, file: path, aside, skippedOutboxIds: skipped };
      if (json) printJson({ ...result, ...copy });
      else tell(result, copy);
      return EXIT.done;
    } finally {
      rmSync(prepared, { force: true });
    }
  },
});

/** A link to the database stays one: it is the file itself that is replaced. */
function followLinks(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

function requireCopy(source: string, path: string): void {
  if (!existsSync(source)) throw new UserError(`there is no ${source}`);
  if (source === path) throw new UserError(`${source} is the database itself, not a copy of it`);
}

/** Keeps the service out until the copy is in its place; `db` is undefined when none is readable. */
function holdPresent(path: string, unreadable: boolean): Disposable & { db: Database | undefined } {
  const db = existsSync(path) ? holdAlone(path) : undefined;
  if (db === undefined && existsSync(path)) {
    if (!unreadable) {
      throw new UserError(
        `${path} is no readable database, so nobody can tell whether it is in use: make sure that its service is stopped, and say so with --unreadable`,
      );
    }
    refuseIfOpen(path);
  }
  return { db, [Symbol.dispose]: () => db?.close() };
}

/**
 * Gives the present file another name. It keeps its own as well until the copy takes it over, so
 * that there is no moment without a database, in which a service would begin an empty one.
 */
function moveAside(path: string, at: Date): string | null {
  if (!existsSync(path)) return null;
  const stamp = at.toISOString().replace(/[-:]|\.\d+/g, "");
  const aside = path.replace(/\.db$/, `.replaced-${stamp}.db`);
  if (existsSync(aside)) throw new UserError(`${aside} exists already; try again in a second`);
  for (const suffix of ["-wal", "-shm"]) {
    if (existsSync(`${path}${suffix}`)) renameSync(`${path}${suffix}`, `${aside}${suffix}`);
  }
  try {
    linkSync(path, aside);
  } catch {
    // A file system without hard links.
    renameSync(path, aside);
  }
  return aside;
}

/** A service that was started meanwhile waited for the file that now has another name. */
async function refuseIfStarted(aside: string, service: string): Promise<void> {
  await Bun.sleep(STARTS_MS);
  if (findOpeners(aside).length === 0) return;
  throw new UserError(
    `the copy is in its place, but ${service} was started meanwhile and works on ${aside}: stop it at once, and restore again`,
  );
}

function tell(
  {
    service,
    file,
    aside,
    skippedOutboxIds,
  }: { service: string; file: string; aside: string | null; skippedOutboxIds: number },
  { bytes, ms }: { bytes: number; ms: number },
): void {
  console.log(`${service}: ${file} restored, ${formatBytes(bytes)} in ${formatMs(ms)}`);
  if (aside !== null) console.log(`the one before is ${aside}`);
  if (skippedOutboxIds > 0) {
    console.log(`its next event is numbered ${skippedOutboxIds} further on: no number comes twice`);
  }
  console.log(`start ${service}; docs/operations.md says what to do next, "verify" how it stands`);
}

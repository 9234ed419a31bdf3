import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Service } from "@order-outbox/registry";
import {
  chooseServices,
  createProgress,
  databasePath,
  defineCommand,
  EXIT,
  formatBytes,
  formatMs,
  printJson,
  UserError,
} from "@order-outbox/tool-kit";
import { copyDatabase, syncName } from "./backup/copy-database.ts";

export const backup = defineCommand({
  name: "backup",
  summary: "copy the databases into a folder while the services run",
  usage: `backup --to FOLDER [--service NAME]

Each copy is of one moment, checked, and on the disk when this ends; nothing there is overwritten.
Services take orders meanwhile; their WAL grows until the copy is made. What a restore of such a
copy means for each database: docs/operations.md, "Backup and restore".
  --to FOLDER        made when it is missing; one folder for each backup
  --service NAME     only this service`,
  options: { to: { type: "string" }, service: { type: "string" } },
  async run({ to, service }, { dataDir, json }) {
    if (to === undefined || to === "") throw new UserError("say where with --to FOLDER");
    const jobs = planJobs(dataDir, resolve(to), chooseServices(service));
    mkdirSync(to, { recursive: true, mode: 0o700 });
    const progress = createProgress();
    const copies = [];
    for (const { service: one, from, target } of jobs) {
      const partial = `${target}.${Bun.randomUUIDv7()}.partial`;
      const copy = await copyDatabase(from, partial, (done, total) =>
        progress.show(`KiB of ${one.database}`, Math.ceil(done / 1024), Math.ceil(total / 1024)),
      ).finally(() => progress.end());
      refuseToOverwrite(target);
      renameSync(partial, target);
      syncName(target);
      copies.push({ service: one.name, file: target, ...copy });
      if (json) continue;
      console.log(`${one.name}: ${target}, ${formatBytes(copy.bytes)} in ${formatMs(copy.ms)}`);
    }
    if (json) printJson({ copies });
    return EXIT.done;
  },
});

interface Job {
  service: Service;
  from: string;
  target: string;
}

function planJobs(dataDir: string, folder: string, services: readonly Service[]): Job[] {
  const jobs = services
    .map((service) => ({
      service,
      from: databasePath(dataDir, service),
      target: join(folder, service.database),
    }))
    .filter(({ from }) => existsSync(from));
  if (jobs.length === 0) {
    const names = services.map(({ database }) => database).join(", ");
    throw new UserError(`there is nothing to copy in ${dataDir}: no ${names} yet`);
  }
  for (const { target } of jobs) refuseToOverwrite(target);
  return jobs;
}

function refuseToOverwrite(target: string): void {
  if (!existsSync(target)) return;
  throw new UserError(`${target} exists already: a backup overwrites nothing, name another folder`);
}

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { SERVICES, type Service } from "@order-outbox/registry";

/** Where databases are looked for when nobody says where: as `bun run start` keeps them, then as services do that are started one by one. */
const USUAL = [".data", "services"] as const;

/** Which folder was taken, and which other one has databases, too. */
export interface DataDir {
  path: string;
  passedOver: string | undefined;
}

/** The folder that was named, by an option or by DATA_DIR, or the first usual one with a database. */
export function chooseDataDir(
  named: string | undefined,
  env: Record<string, string | undefined>,
): DataDir {
  const given = named ?? (env.DATA_DIR || undefined);
  if (given !== undefined) return { path: given, passedOver: undefined };
  const [path = USUAL[0], passedOver] = USUAL.filter((folder) =>
    SERVICES.some((service) => existsSync(databasePath(folder, service))),
  );
  return { path, passedOver };
}

/** Where a service's database is, or would be: in the folder, or in the service's own one in it. */
export function databasePath(dataDir: string, { name, database }: Service): string {
  const own = join(dataDir, name);
  const path = join(dataDir, database);
  return !existsSync(path) && existsSync(own) ? join(own, database) : path;
}

/** Where a file is that a service keeps beside its database. */
export const besideDatabase = (dataDir: string, service: Service, file: string): string =>
  join(dirname(databasePath(dataDir, service)), file);

/** Why a service has no database there. */
export function describeMissing(dataDir: string, service: Service): string {
  const elsewhere =
    dataDir === USUAL[0] ? `, nor ${join(USUAL[1], service.name, service.database)},` : "";
  return `there is no ${databasePath(dataDir, service)}${elsewhere} yet: ${service.name} creates it when it first starts`;
}

import { stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { Gauge, type Registry } from "prom-client";

/** How much room a service's data takes, and has. */
export function storageMetrics(
  registry: Registry,
  databasePath: string,
  isWritable: () => boolean,
): () => Promise<void> {
  const registers = [registry];
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  const free = gauge(
    "data_disk_free_bytes",
    "Room left for this process on the disk of its database.",
  );
  const size = gauge("data_disk_size_bytes", "Size of the disk of the database.");
  const writable = gauge(
    "storage_writable",
    "1 while the service's files can be written; 0 while one is gone, replaced, read-only or locked.",
  );
  const files = new Gauge({
    name: "database_file_bytes",
    help: "Size of the database's files: database, and the wal with what is not yet folded into it.",
    labelNames: ["file"],
    registers,
  });

  return async function refresh(): Promise<void> {
    writable.set(Number(isWritable()));
    // The folder may be gone; what is known is told nevertheless.
    const disk = await statfs(dirname(databasePath)).catch(() => undefined);
    free.set(disk === undefined ? 0 : disk.bavail * disk.bsize);
    size.set(disk === undefined ? 0 : disk.blocks * disk.bsize);
    files.set({ file: "database" }, await sizeOf(databasePath));
    files.set({ file: "wal" }, await sizeOf(`${databasePath}-wal`));
  };
}

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );

import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { CheckResult } from "@order-outbox/service-kit";

/** With less than this a larger commit may not find room. */
const FULL_BELOW_BYTES = 1024 * 1024;

/**
 * How much room the disk of a database has. A full disk is shown and does not make the check fail:
 * orders are refused until there is room, and a restart would not make any.
 */
export async function checkStorage(databasePath: string): Promise<CheckResult> {
  const { bavail, bsize } = await statfs(dirname(databasePath));
  const freeBytes = bavail * bsize;
  return { ok: true, full: freeBytes < FULL_BELOW_BYTES, freeBytes };
}

// Owns the lease of a database, as a container does in which every service is process 1; to be killed.
import { monotonic } from "@order-outbox/errors";
import { createLease } from "../lease.ts";
import { openSqliteOutbox } from "./open-outbox.ts";

const [, , path = ""] = process.argv;
const { lease: record, presence } = await openSqliteOutbox(path);
const lease = createLease(record, {
  own: { owner: presence.id, host: "same", pid: 1 },
  ttlMs: 60_000,
  now: Date.now,
  monotonic,
  isGone: presence.isGone,
});
console.log((await lease.ensure()) ? "owner" : "no owner");
setInterval(() => presence, 1_000);

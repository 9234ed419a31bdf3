// Owns the lease of a database, as a container does in which every service is process 1; to be killed.
import { monotonic } from "@order-outbox/errors";
import { holdPresence, openDatabase } from "@order-outbox/sqlite";
import { createLease } from "./lease.ts";

const [, , path = ""] = process.argv;
const presence = holdPresence(path, "relay");
const lease = createLease(openDatabase(path), {
  own: { owner: presence.id, host: "same", pid: 1 },
  ttlMs: 60_000,
  now: Date.now,
  monotonic,
  isGone: presence.isGone,
});
console.log(lease.ensure() ? "owner" : "no owner");
setInterval(() => presence, 1_000);

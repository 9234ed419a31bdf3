import type { Database } from "bun:sqlite";
import {
  defineCommand,
  EXIT,
  openToWrite,
  parseWhole,
  printJson,
  requireOutbox,
  requirePlace,
  requireReason,
  requireService,
  requireToRead,
  UserError,
  writeAtOnce,
} from "@order-outbox/tool-kit";
import {
  askService,
  judgeAnswers,
  reportAnswers,
  WAIT_OPTIONS,
  WAIT_USAGE,
} from "./ask-service.ts";

export const discard = defineCommand({
  name: "discard",
  summary: "give one parked or held event up for good, with a reason",
  usage: `discard --id N --service NAME --outbox|--held --reason "…"

The event will never be published, or never take effect; later events of its key no longer wait for
it. The row or the audit keeps it, with the reason.
  --outbox           N is a parked row of the outbox
  --held             N is a held event; the service discards it and counts it as applied
  --reason TEXT      why; kept in the audit
${WAIT_USAGE}`,
  options: {
    id: { type: "string" },
    service: { type: "string" },
    outbox: { type: "boolean" },
    held: { type: "boolean" },
    reason: { type: "string" },
    ...WAIT_OPTIONS,
  },
  async run(values, { dataDir, json }) {
    if (values.id === undefined) throw new UserError('which one? "list" shows the ids');
    const id = parseWhole("--id", values.id, 1);
    const service = requireService(values.service);
    const reason = requireReason(values.reason);
    if (requirePlace(values) === "outbox") {
      requireOutbox(service);
      using db = openToWrite(dataDir, service);
      const row = discardParked(db, id, reason, new Date().toISOString());
      if (json) printJson({ service: service.name, discarded: row });
      else
        console.log(`${service.name}: outbox row ${id} (${row.eventType} of ${row.key}) discarded`);
      return EXIT.done;
    }
    requireHeld(dataDir, service, id);
    const request = { kind: "DISCARD", target: { heldId: id }, reason } as const;
    const answers = await askService(dataDir, service, [request], values);
    const waited = !values["no-wait"];
    if (!json) return reportAnswers(answers, waited);
    printJson(answers);
    return judgeAnswers(answers, waited);
  },
});

interface DiscardedRow {
  id: number;
  eventId: string;
  eventType: string;
  key: string;
}

function discardParked(db: Database, id: number, reason: string, at: string): DiscardedRow {
  return writeAtOnce(db, () => {
    const row = db
      .query<DiscardedRow, [string, number]>(
        `UPDATE outbox SET discardedAt = ?
         WHERE id = ? AND parkedAt IS NOT NULL AND discardedAt IS NULL AND isPublished = 0
         RETURNING id, eventId, eventType, partitionKey AS key`,
      )
      .get(at, id);
    if (row === null)
      throw new UserError(`outbox row ${id} is not parked; see list --state parked`);
    db.query<unknown, [string, string, string]>(
      "INSERT INTO operator_audit (at, action, target, reason) VALUES (?, 'DISCARD', ?, ?)",
    ).run(at, JSON.stringify({ outboxId: id, eventId: row.eventId }), reason);
    return row;
  });
}

function requireHeld(dataDir: string, service: ReturnType<typeof requireService>, id: number) {
  using db = requireToRead(dataDir, service);
  const held = db.query("SELECT id FROM held_events WHERE id = ?").get(id);
  if (held === null) throw new UserError(`${service.name} holds no event ${id}; see list`);
}

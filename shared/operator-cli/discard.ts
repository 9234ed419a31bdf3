import { isAppError } from "@order-outbox/errors";
import type { OutboxDesk } from "@order-outbox/operator";
import {
  defineCommand,
  EXIT,
  parseWhole,
  printJson,
  requireOutbox,
  requirePlace,
  requireReason,
  requireService,
  UserError,
} from "@order-outbox/tool-kit";
import {
  awaitService,
  judgeAnswers,
  reportAnswers,
  WAIT_OPTIONS,
  WAIT_USAGE,
} from "./ask-service.ts";
import { openDesks } from "./desks.ts";

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
    const place = requirePlace(values);
    if (place === "outbox") requireOutbox(service);
    using desks = openDesks(dataDir, service);
    if (place === "outbox") {
      const row = await (desks.outbox as OutboxDesk).discard(id, reason).catch(notParked(id));
      const { eventId, eventType, key } = row;
      if (json) printJson({ service: service.name, discarded: { id, eventId, eventType, key } });
      else console.log(`${service.name}: outbox row ${id} (${eventType} of ${key}) discarded`);
      return EXIT.done;
    }
    const { held } = desks;
    if (held === undefined || (await held.find(id)) === undefined) {
      throw new UserError(`${service.name} holds no event ${id}; see list`);
    }
    const request = await held.discard(id, reason);
    const answers = await awaitService(service.name, held, [request], values);
    const waited = !values["no-wait"];
    if (!json) return reportAnswers(answers, waited);
    printJson(answers);
    return judgeAnswers(answers, waited);
  },
});

const notParked = (id: number) => (error: unknown) => {
  if (!isAppError(error, "NOT_FOUND")) throw error;
  throw new UserError(`outbox row ${id} is not parked; see list --state parked`);
};

import { EVENTS } from "@order-outbox/contracts";
import { faultOfStored } from "@order-outbox/events";
import type { OutboxDesk, PublishedFilter } from "@order-outbox/operator";
import {
  count,
  createProgress,
  defineCommand,
  EXIT,
  parseWhole,
  printJson,
  requireOutbox,
  requireReason,
  requireService,
  UserError,
} from "@order-outbox/tool-kit";

import { openDesks, readDesks } from "./desks.ts";

export const republish = defineCommand({
  name: "republish",
  summary: "publish published rows of an outbox again, under their old ids",
  usage: `republish --service NAME (--id N | --key KEY | --from-id N) --reason "…" [--dry-run]

For events that the broker has lost, as "verify" names them. The rows are made pending again in the
order of their ids, 500 in a transaction, and the relay publishes them within seconds.
Consumers skip what they know, so a few too many do no harm.
  --id N             this row
  --key KEY          every row of this key (the order's id)
  --from-id N        this row and every later one
  --reason TEXT      why; kept in the audit
  --dry-run          count the rows`,
  options: {
    service: { type: "string" },
    id: { type: "string" },
    key: { type: "string" },
    "from-id": { type: "string" },
    reason: { type: "string" },
    "dry-run": { type: "boolean", default: false },
  },
  async run(values, { dataDir, json }) {
    const service = requireService(values.service);
    requireOutbox(service);
    const filter = readFilter(values.id, values.key, values["from-id"]);
    const dryRun = values["dry-run"];
    const reason = dryRun ? "" : requireReason(values.reason);
    using desks = dryRun ? readDesks(dataDir, service) : openDesks(dataDir, service);
    const outbox = desks.outbox as OutboxDesk;
    const found = await outbox.countPublished(filter);
    if ("id" in filter && found === 0) {
      throw new UserError(`outbox row ${filter.id} is not published; see show or list`);
    }
    const pending = dryRun ? 0 : await makePending(outbox, service.name, filter, reason);
    if (json) printJson({ service: service.name, dryRun, found, pending });
    else if (dryRun) console.log(`${service.name}: would publish ${count(found, "row")} again`);
    else console.log(`${service.name}: ${count(pending, "published row")} pending again`);
    return EXIT.done;
  },
});

function readFilter(id?: string, key?: string, fromId?: string): PublishedFilter {
  if ([id, key, fromId].filter((given) => given !== undefined).length !== 1) {
    throw new UserError("say which rows: --id, --key or --from-id, one of them");
  }
  if (id !== undefined) return { id: parseWhole("--id", id, 1) };
  if (fromId !== undefined) return { fromId: parseWhole("--from-id", fromId, 1) };
  return { key: key as string };
}

async function makePending(
  outbox: OutboxDesk,
  service: string,
  which: PublishedFilter,
  reason: string,
): Promise<number> {
  const progress = createProgress();
  try {
    return await outbox.republish(which, reason, (row) => faultOfStored(EVENTS, row), {
      onProgress: (done, of) => progress.show(`republishing ${service}`, done, of),
    });
  } finally {
    progress.end();
  }
}

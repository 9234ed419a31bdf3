import { type Inbox, judgeInbox } from "@order-outbox/inbox";
import { brokerSeenBy } from "@order-outbox/kafka";
import { judgeOutbox, type OutboxReader, type OutboxWorker } from "@order-outbox/outbox";
import type { BrokerState, CheckResult, HealthOptions } from "@order-outbox/service-kit";
import type { Running } from "./running.ts";

/** What `/health` and `/ready` say of a service. */
export function healthOf(
  { database, storage, pruning, inbox, worker }: Running,
  { service, now, readiness }: Pick<HealthOptions, "service" | "readiness"> & { now(): number },
): HealthOptions {
  const { outbox } = database;
  return {
    service,
    readiness,
    broker: () => brokerOf(inbox, worker),
    checks: {
      ...(outbox && worker && { outbox: () => checkOutbox(outbox.reader, worker, now) }),
      storage: storage.check,
      ...(inbox && {
        inbox: () => judgeInbox(inbox.status()),
        retention: () => ({ ok: true, inbox: pruning.inbox?.status() }),
      }),
    },
  };
}

function brokerOf(inbox: Inbox | undefined, worker: OutboxWorker | undefined): BrokerState {
  if (inbox !== undefined) return brokerSeenBy(inbox.status().consumer);
  return worker?.status()?.broker ?? "unknown";
}

async function checkOutbox(
  reader: OutboxReader,
  worker: OutboxWorker,
  now: () => number,
): Promise<CheckResult> {
  return judgeOutbox({
    facts: await reader.facts(),
    relay: worker.status(),
    silentFor: worker.silentFor(),
    now: now(),
  });
}

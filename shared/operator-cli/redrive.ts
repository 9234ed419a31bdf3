import type { Database } from "bun:sqlite";
import { hasOutbox, type Service } from "@order-outbox/registry";
import {
  chooseServices,
  count,
  defineCommand,
  EXIT,
  openToWrite,
  parseWhole,
  printJson,
  requireAny,
  requireToRead,
  UserError,
} from "@order-outbox/tool-kit";
import {
  type Answer,
  askService,
  judgeAnswers,
  reportAnswers,
  WAIT_OPTIONS,
  WAIT_USAGE,
} from "./ask-service.ts";
import {
  findHeld,
  findParked,
  type ParkedRow,
  type RedriveFilter,
  releaseParked,
} from "./redrive-plan.ts";
import type { Request } from "./requests.ts";

export const redrive = defineCommand({
  name: "redrive",
  summary: "try parked and held events again, in order",
  usage: `redrive --id N --service NAME [--outbox|--held] | --key KEY | --service NAME | --all

Rows that the broker refused become pending again: the relay takes them up in the order of their
ids. Held events are run by their service, key by key in order; it stops a key at the first failure.
Without --id or --key only keys with a PARKED event are taken: the others are tried by themselves.
  --id N             this one (a held event: with all of its key, in order)
  --key KEY          everything of this key (the order's id)
  --service NAME     everything of this service
  --all              everything
  --outbox, --held   only rows to be published, or only held events
  --dry-run          say what would be done
${WAIT_USAGE}`,
  options: {
    id: { type: "string" },
    key: { type: "string" },
    service: { type: "string" },
    all: { type: "boolean", default: false },
    outbox: { type: "boolean", default: false },
    held: { type: "boolean", default: false },
    "dry-run": { type: "boolean", default: false },
    ...WAIT_OPTIONS,
  },
  async run(values, { dataDir, json }) {
    const filter = readFilter(values);
    const plans = planAll(dataDir, values.service, filter);
    if (values["dry-run"]) {
      if (json) printJson({ dryRun: true, services: plans.map(toJson) });
      else printPlans(plans);
      return EXIT.done;
    }
    const released = plans.map((plan) => ({
      service: plan.service.name,
      ids: release(dataDir, plan.service, plan.parked),
    }));
    const answers: Answer[] = [];
    for (const { service, requests } of plans) {
      answers.push(...(await askService(dataDir, service, requests, values)));
    }
    const waited = !values["no-wait"];
    if (json) {
      printJson({
        dryRun: false,
        outbox: released.filter(({ ids }) => ids.length > 0),
        held: answers,
      });
      return judgeAnswers(answers, waited);
    }
    for (const { service, ids } of released) {
      if (ids.length > 0)
        console.log(`${service}: ${count(ids.length, "outbox row")} pending again`);
    }
    if (released.every(({ ids }) => ids.length === 0) && answers.length === 0) {
      console.log("nothing to redrive");
    }
    return reportAnswers(answers, waited);
  },
});

interface Plan {
  service: Service;
  parked: ParkedRow[];
  requests: Request[];
}

function readFilter(values: {
  id?: string | undefined;
  key?: string | undefined;
  service?: string | undefined;
  all: boolean;
  outbox: boolean;
  held: boolean;
}): RedriveFilter {
  const { id, key, service, all, outbox, held } = values;
  if (id !== undefined && service === undefined) throw new UserError("--id needs --service NAME");
  if (id !== undefined && key !== undefined) throw new UserError("give --id or --key, not both");
  if (all && (id !== undefined || key !== undefined || service !== undefined)) {
    throw new UserError("--all stands alone");
  }
  if (!all && id === undefined && key === undefined && service === undefined) {
    throw new UserError("say what: --id, --key, --service or --all");
  }
  const both = outbox === held;
  return {
    id: id === undefined ? undefined : parseWhole("--id", id, 1),
    key,
    outbox: both || outbox,
    held: both || held,
  };
}

function planAll(dataDir: string, name: string | undefined, filter: RedriveFilter): Plan[] {
  const plans = requireAny(dataDir, chooseServices(name)).map((service): Plan => {
    using db = requireToRead(dataDir, service);
    return plan(db, service, filter);
  });
  const [first] = plans;
  if (filter.id === undefined || first === undefined) return plans;
  if (first.parked.length > 0 && first.requests.length > 0) {
    throw new UserError(
      `${first.service.name} has an outbox row and a held event ${filter.id}: add --outbox or --held`,
    );
  }
  if (first.parked.length + first.requests.length === 0) {
    throw new UserError(`${first.service.name} has no parked row and no held event ${filter.id}`);
  }
  return plans;
}

function plan(db: Database, service: Service, filter: RedriveFilter): Plan {
  return {
    service,
    parked: hasOutbox(service) && filter.outbox ? findParked(db, filter) : [],
    requests: filter.held ? findHeld(db, filter) : [],
  };
}

function release(dataDir: string, service: Service, parked: readonly ParkedRow[]): number[] {
  if (parked.length === 0) return [];
  using db = openToWrite(dataDir, service);
  return releaseParked(db, parked, new Date().toISOString());
}

const toJson = ({ service, parked, requests }: Plan) => ({
  service: service.name,
  outbox: parked,
  held: requests.map(({ target }) => target),
});

function printPlans(plans: readonly Plan[]): void {
  for (const { service, parked, requests } of plans) {
    for (const { id, eventType, partitionKey } of parked) {
      console.log(
        `${service.name}: would make outbox row ${id} (${eventType} of ${partitionKey}) pending`,
      );
    }
    for (const { target } of requests) {
      console.log(`${service.name}: would have held events run again: ${JSON.stringify(target)}`);
    }
  }
  if (plans.every(({ parked, requests }) => parked.length + requests.length === 0)) {
    console.log("nothing to redrive");
  }
}

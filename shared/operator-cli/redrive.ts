import type { OperatorAsk, OutboxItem, ParkedFilter, RedriveWhich } from "@order-outbox/operator";
import type { Service } from "@order-outbox/registry";
import {
  chooseServices,
  count,
  defineCommand,
  EXIT,
  parseWhole,
  printJson,
  requireAny,
  UserError,
} from "@order-outbox/tool-kit";
import {
  type Answer,
  awaitService,
  judgeAnswers,
  reportAnswers,
  WAIT_OPTIONS,
  WAIT_USAGE,
} from "./ask-service.ts";
import { openDesks, readDesks } from "./desks.ts";

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
    const plans = await planAll(dataDir, values.service, filter);
    if (values["dry-run"]) {
      if (json) printJson({ dryRun: true, services: plans.map(toJson) });
      else printPlans(plans);
      return EXIT.done;
    }
    const released: { service: string; ids: number[] }[] = [];
    const answers: Answer[] = [];
    for (const { service, parked, asks } of plans) {
      if (parked.length + asks.length === 0) continue;
      using desks = openDesks(dataDir, service);
      const ids = parked.length > 0 ? await desks.outbox?.redrive(filter) : undefined;
      if (ids !== undefined) released.push({ service: service.name, ids });
    }
    for (const { service, asks } of plans) {
      if (asks.length === 0) continue;
      using desks = openDesks(dataDir, service);
      const { held } = desks;
      if (held === undefined) continue;
      answers.push(...(await awaitService(service.name, held, await held.ask(asks), values)));
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
  parked: OutboxItem[];
  asks: OperatorAsk[];
}

/** Which events are to be tried again. */
interface Filter extends ParkedFilter {
  outbox: boolean;
  held: boolean;
}

function readFilter(values: {
  id?: string | undefined;
  key?: string | undefined;
  service?: string | undefined;
  all: boolean;
  outbox: boolean;
  held: boolean;
}): Filter {
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

async function planAll(dataDir: string, name: string | undefined, filter: Filter): Promise<Plan[]> {
  const services = requireAny(dataDir, chooseServices(name));
  const plans = await Promise.all(services.map((service) => plan(dataDir, service, filter)));
  const [first] = plans;
  if (filter.id === undefined || first === undefined) return plans;
  if (first.parked.length > 0 && first.asks.length > 0) {
    throw new UserError(
      `${first.service.name} has an outbox row and a held event ${filter.id}: add --outbox or --held`,
    );
  }
  if (first.parked.length + first.asks.length === 0) {
    throw new UserError(`${first.service.name} has no parked row and no held event ${filter.id}`);
  }
  return plans;
}

async function plan(dataDir: string, service: Service, filter: Filter): Promise<Plan> {
  using desks = readDesks(dataDir, service);
  return {
    service,
    parked: (filter.outbox && (await desks.outbox?.parked(filter))) || [],
    asks: (filter.held && (await desks.held?.planRedrive(whichOf(filter)))) || [],
  };
}

function whichOf({ id, key }: Filter): RedriveWhich {
  if (id !== undefined) return { id };
  return key === undefined ? "parked" : { key };
}

const toJson = ({ service, parked, asks }: Plan) => ({
  service: service.name,
  outbox: parked.map(({ id, eventId, eventType, key }) => ({
    ...{ id, eventId, eventType, partitionKey: key },
  })),
  held: asks.map(({ target }) => target),
});

function printPlans(plans: readonly Plan[]): void {
  for (const { service, parked, asks } of plans) {
    for (const { id, eventType, key } of parked) {
      console.log(`${service.name}: would make outbox row ${id} (${eventType} of ${key}) pending`);
    }
    for (const { target } of asks) {
      console.log(`${service.name}: would have held events run again: ${JSON.stringify(target)}`);
    }
  }
  if (plans.every(({ parked, asks }) => parked.length + asks.length === 0)) {
    console.log("nothing to redrive");
  }
}

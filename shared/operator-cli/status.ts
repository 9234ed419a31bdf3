import { SERVICES, type Service } from "@order-outbox/registry";
import {
  type Context,
  chooseServices,
  defineCommand,
  EXIT,
  formatSpan,
  printFacts,
  printJson,
} from "@order-outbox/tool-kit";
import { connectKafka, fetchEnds, tellUnreachable } from "@order-outbox/topic-reader";
import { findDesks } from "./desks.ts";
import { readFacts, type ServiceFacts } from "./service-facts.ts";

export const status = defineCommand({
  name: "status",
  summary: "how every outbox, held event and consumer stands",
  usage: `status [--service NAME]

What waits, what is parked or held, how far consumers are behind, who publishes. Exit code 2 when no
broker answers, which could tell the lag.
  --service NAME     only this service`,
  options: { service: { type: "string" } },
  async run({ service }, context) {
    const services = chooseServices(service);
    const broker = await lookAtBroker(context, services);
    const facts = await Promise.all(
      services.map(async (one) => {
        using desks = findDesks(context.dataDir, one);
        return desks === undefined ? notCreated(one) : await readFacts(desks, one, broker.ends);
      }),
    );
    if (context.json) {
      const { ends: _, ...rest } = broker;
      printJson({ broker: rest, services: facts });
    } else {
      print(facts, broker.state, Date.now());
    }
    return broker.state === "up" ? EXIT.done : EXIT.unable;
  },
});

type Facts = ServiceFacts | ReturnType<typeof notCreated>;

async function lookAtBroker({ brokers, security }: Context, services: readonly Service[]) {
  const topics = [...new Set(services.flatMap(({ consumes }) => consumes))];
  const ends = await fetchEnds(connectKafka(brokers, security), topics).catch(
    tellUnreachable(brokers),
  );
  const state = ends === undefined ? ("down" as const) : ("up" as const);
  return { hosts: brokers, state, clusterId: ends?.clusterId ?? null, ends };
}

const notCreated = ({ name, database }: Service) =>
  ({ service: name, database, exists: false }) as const;

function print(facts: readonly Facts[], broker: "up" | "down", now: number): void {
  const age = (at: string | null | undefined) =>
    at === undefined ? "-" : at === null ? "none" : formatSpan(now - Date.parse(at));
  const line = (what: string, value: (one: ServiceFacts) => unknown) => [
    what,
    ...facts.map((one) => (one.exists ? String(value(one) ?? "-") : "-")),
  ];
  const topics = SERVICES.flatMap(({ consumes }) => consumes);
  const rows = [
    ["database", ...facts.map((one) => (one.exists ? one.database : "not created yet"))],
    line("pending", ({ outbox }) => outbox?.pending),
    line("oldest pending", ({ outbox }) => age(outbox?.oldestPendingAt)),
    line("published", ({ outbox }) => outbox?.published),
    line("parked", ({ outbox }) => outbox?.parked),
    line("discarded", ({ outbox }) => outbox?.discarded),
    line("relay", ({ relay, outbox }) => (outbox === null ? "-" : describeRelay(relay, now))),
    line("held RETRYING", ({ held }) => held.RETRYING),
    line("held BEHIND", ({ held }) => held.BEHIND),
    line("held WAITING", ({ held }) => held.WAITING),
    line("held PARKED", ({ held }) => held.PARKED),
    line("oldest held", ({ oldestHeldAt }) => age(oldestHeldAt)),
    line("inbox", ({ inbox }) => inbox),
    ...[...new Set(topics)].map((topic) =>
      line(`lag ${topic}`, ({ lag }) =>
        topic in lag ? (broker === "down" ? "broker down" : (lag[topic] ?? "no topic")) : "-",
      ),
    ),
    line("open requests", ({ openRequests }) => openRequests),
  ];
  printFacts({ columns: ["", ...facts.map(({ service }) => service)], rows });
}

function describeRelay(relay: ServiceFacts["relay"], now: number): string {
  if (relay === null) return "none";
  const { host, pid, expiresAt } = relay;
  return `${host} ${pid}${expiresAt < now ? " (expired)" : ""}`;
}

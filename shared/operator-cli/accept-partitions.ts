import { isAppError } from "@order-outbox/errors";
import type { OutboxDesk } from "@order-outbox/operator";
import {
  type Context,
  defineCommand,
  EXIT,
  parseWhole,
  printJson,
  requireOutbox,
  requireReason,
  requireService,
  UserError,
} from "@order-outbox/tool-kit";
import { connectKafka, fetchEnds, tellUnreachable } from "@order-outbox/topic-reader";
import { openDesks } from "./desks.ts";

export const acceptPartitions = defineCommand({
  name: "accept-partitions",
  summary: "let a service publish to a topic whose partition count changed",
  usage: `accept-partitions --service NAME --topic TOPIC --count N --reason "…"

Another count moves keys to other partitions, where later events can overtake earlier ones. Use it
when every consumer has read the topic to its end ("status" shows no lag).
  --topic TOPIC      a topic that the service publishes to
  --count N          how many partitions it has now; compared with the broker
  --reason TEXT      why; kept in the audit`,
  options: {
    service: { type: "string" },
    topic: { type: "string" },
    count: { type: "string" },
    reason: { type: "string" },
  },
  async run(values, { dataDir, brokers, security, json }) {
    const service = requireService(values.service);
    requireOutbox(service);
    const { topic, count } = values;
    if (topic === undefined) throw new UserError("say which --topic");
    if (count === undefined) throw new UserError("say the --count of partitions");
    const partitions = parseWhole("--count", count, 1);
    const reason = requireReason(values.reason);
    using desks = openDesks(dataDir, service);
    await compareWithBroker({ brokers, security }, topic, partitions);
    const from = await (desks.outbox as OutboxDesk)
      .acceptPartitions(topic, partitions, reason)
      .catch((error: unknown) => {
        if (!isAppError(error, "NOT_FOUND")) throw error;
        throw new UserError(
          `${service.name} has not published to "${topic}" yet: nothing to accept`,
        );
      });
    if (json) printJson({ service: service.name, topic, from, to: partitions });
    else console.log(`${service.name}: ${topic} has ${partitions} partitions (before: ${from})`);
    return EXIT.done;
  },
});

async function compareWithBroker(
  { brokers, security }: Pick<Context, "brokers" | "security">,
  topic: string,
  count: number,
): Promise<void> {
  const ends = await fetchEnds(connectKafka(brokers, security), [topic]).catch(
    tellUnreachable(brokers),
  );
  if (ends === undefined) {
    console.error("outbox: the count is not compared with the topic");
    return;
  }
  const found = ends.topics.get(topic)?.length;
  if (found === count) return;
  throw new UserError(
    found === undefined
      ? `there is no topic "${topic}" on the broker`
      : `"${topic}" has ${found} partitions on the broker, not ${count}`,
  );
}

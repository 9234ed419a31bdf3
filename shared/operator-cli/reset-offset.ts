import type { HeldDesk } from "@order-outbox/operator";
import {
  defineCommand,
  parseWhole,
  printJson,
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

export const resetOffset = defineCommand({
  name: "reset-offset",
  summary: "say where a consumer continues in a partition",
  usage: `reset-offset --service NAME --topic TOPIC --partition P --to earliest|latest|OFFSET --reason "…"

For a consumer that stopped because the broker does not have its offset, or because a batch cannot be
read (/health and the log say where it ends). What it reads again takes no second effect; what it
jumps over takes none at all.
  --to WHERE         earliest, latest, or the offset to read next
  --reason TEXT      why; kept with the request
${WAIT_USAGE}`,
  options: {
    service: { type: "string" },
    topic: { type: "string" },
    partition: { type: "string" },
    to: { type: "string" },
    reason: { type: "string" },
    ...WAIT_OPTIONS,
  },
  async run(values, { dataDir, json }) {
    const service = requireService(values.service);
    const { topic, partition, to } = values;
    if (topic === undefined || !service.consumes.some((one) => one === topic)) {
      throw new UserError(`--topic: ${service.name} consumes ${service.consumes.join(" and ")}`);
    }
    if (partition === undefined) throw new UserError("say which --partition");
    if (to === undefined) throw new UserError("say --to earliest, latest or an offset");
    const target = {
      topic,
      partition: parseWhole("--partition", partition),
      to: to === "earliest" || to === "latest" ? to : parseWhole("--to", to),
    } as const;
    const reason = requireReason(values.reason);
    using desks = openDesks(dataDir, service);
    const held = desks.held as HeldDesk;
    const request = await held.resetOffset(service.name, target, reason);
    const answers = await awaitService(service.name, held, [request], values);
    const waited = !values["no-wait"];
    if (!json) return reportAnswers(answers, waited);
    printJson(answers);
    return judgeAnswers(answers, waited);
  },
});

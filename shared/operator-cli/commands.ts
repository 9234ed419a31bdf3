import { type Command, EXIT, type ExitCode, UserError } from "@order-outbox/tool-kit";

/** The verbs; each is loaded when it is asked for, because a terminal should answer at once. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  status: async () => (await import("./status.ts")).status,
  list: async () => (await import("./list.ts")).list,
  show: async () => (await import("./show.ts")).show,
  redrive: async () => (await import("./redrive.ts")).redrive,
  discard: async () => (await import("./discard.ts")).discard,
  republish: async () => (await import("./republish.ts")).republish,
  "reset-offset": async () => (await import("./reset-offset.ts")).resetOffset,
  prune: async () => (await import("./prune.ts")).prune,
  topics: async () => (await import("./topics.ts")).topics,
  "accept-partitions": async () => (await import("./accept-partitions.ts")).acceptPartitions,
  backup: async () => (await import("./backup.ts")).backup,
  restore: async () => (await import("./restore.ts")).restore,
  "recover-orders": async () => (await import("./recover-orders.ts")).recoverOrders,
  verify: async () => (await import("./verify.ts")).verify,
};

/**
 * Runs the verb that the arguments begin with.
 *
 * @throws UserError with what is wrong with the arguments, or with what they ask for
 */
export async function runVerb([verb, ...args]: readonly string[]): Promise<ExitCode> {
  if (verb === undefined || verb === "help" || verb === "--help" || verb === "-h") {
    console.log(await overview());
    return verb === undefined ? EXIT.unable : EXIT.done;
  }
  const load = Object.hasOwn(COMMANDS, verb) ? COMMANDS[verb] : undefined;
  if (load === undefined) {
    const verbs = Object.keys(COMMANDS).join(", ");
    throw new UserError(`there is no verb "${verb}"; there are ${verbs}`);
  }
  return (await load()).execute(args);
}

async function overview(): Promise<string> {
  const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()));
  return `Usage: bun run outbox VERB [options]

Looks after outboxes, held events and consumers, also while the services run.

${commands.map(({ name, summary }) => `  ${name.padEnd(18)} ${summary}`).join("\n")}

"bun run outbox VERB --help" explains a verb. Exit codes: 0 done, 1 something was found or not
carried out, 2 the question made no sense or could not be looked into.
`;
}

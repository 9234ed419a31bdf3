import { acceptPartitions } from "./outbox/accept-partitions.ts";
import { type Command, EXIT, type ExitCode, UserError } from "./outbox/command.ts";
import { explainDatabaseError } from "./outbox/databases.ts";
import { discard } from "./outbox/discard.ts";
import { list } from "./outbox/list.ts";
import { prune } from "./outbox/prune.ts";
import { redrive } from "./outbox/redrive.ts";
import { resetOffset } from "./outbox/reset-offset.ts";
import { show } from "./outbox/show.ts";
import { status } from "./outbox/status.ts";
import { verify } from "./outbox/verify.ts";

const COMMANDS: readonly Command[] = [
  status,
  list,
  show,
  redrive,
  discard,
  resetOffset,
  prune,
  acceptPartitions,
  verify,
];

const USAGE = `Usage: bun run outbox VERB [options]

Looks after outboxes, held events and consumers, also while the services run.

${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(18)} ${summary}`).join("\n")}

"bun run outbox VERB --help" explains a verb. Exit codes: 0 done, 1 something was found or not
carried out, 2 the question made no sense or could not be looked into.
`;

async function main([verb, ...args]: readonly string[]): Promise<ExitCode> {
  if (verb === undefined || verb === "help" || verb === "--help" || verb === "-h") {
    console.log(USAGE);
    return verb === undefined ? EXIT.unable : EXIT.done;
  }
  const command = COMMANDS.find(({ name }) => name === verb);
  if (command === undefined) {
    const verbs = COMMANDS.map(({ name }) => name).join(", ");
    throw new UserError(`there is no verb "${verb}"; there are ${verbs}`);
  }
  return command.execute(args);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (thrown) {
  const error = explainDatabaseError(thrown);
  if (!(error instanceof UserError)) throw error;
  console.error(`outbox: ${error.message}`);
  process.exitCode = EXIT.unable;
}

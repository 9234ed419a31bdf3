import { EXIT, UserError } from "./outbox/command.ts";
import { runVerb } from "./outbox/commands.ts";
import { explainError } from "./outbox/databases.ts";
import { prepareConsole } from "./terminal.ts";

prepareConsole();
try {
  process.exitCode = await runVerb(process.argv.slice(2));
} catch (thrown) {
  const error = explainError(thrown);
  if (!(error instanceof UserError)) throw error;
  console.error(`outbox: ${error.message}`);
  process.exitCode = EXIT.unable;
}

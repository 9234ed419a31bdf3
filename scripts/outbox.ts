import { runVerb } from "@order-outbox/operator-cli";
import { EXIT, explainError, prepareConsole, UserError } from "@order-outbox/tool-kit";

prepareConsole();
try {
  process.exitCode = await runVerb(process.argv.slice(2));
} catch (thrown) {
  const error = explainError(thrown);
  if (!(error instanceof UserError)) throw error;
  console.error(`outbox: ${error.message}`);
  process.exitCode = EXIT.unable;
}

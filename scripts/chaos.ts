import { chaosCommand } from "@order-outbox/chaos";
import { runCommand } from "@order-outbox/tool-kit";

await runCommand(chaosCommand);

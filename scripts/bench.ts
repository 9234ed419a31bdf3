import { benchCommand } from "@order-outbox/bench";
import { runCommand } from "@order-outbox/tool-kit";

await runCommand(benchCommand);

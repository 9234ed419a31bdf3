import { AppError } from "@order-outbox/errors";
import * as installed from "kafkajs";

/** Which patch of kafkajs this code was written for: `patches/` puts the number into kafkajs. */
const PATCH = 4;

/**
 * Refuses a kafkajs without the changes that this package brings, as an override or an installer that
 * knows no patches leaves it: it can answer "acknowledged" for records that the topic does not have.
 *
 * @throws AppError `CONFIG_INVALID` with the command that mends it
 */
export function requirePatchedKafkajs(kafkajs: object = installed): void {
  if ("orderOutboxPatch" in kafkajs && kafkajs.orderOutboxPatch === PATCH) return;
  throw new AppError(
    "CONFIG_INVALID",
    'kafkajs is installed without the changes that @order-outbox/kafka needs, and would lose events: install that package again without an override of kafkajs (in its own repository, run "bun install"), then start again',
  );
}

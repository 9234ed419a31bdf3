import { AppError } from "@order-outbox/errors";
import { hintOf, securityError } from "./security-errors.ts";

/**
 * Answers of a broker that blame the records themselves: sending them again cannot help.
 * Everything else is the broker's own trouble and passes.
 * Source: the error table of the Kafka protocol guide.
 */
const REFUSALS: Readonly<Record<number, string>> = {
  10: "MESSAGE_TOO_LARGE",
  18: "RECORD_LIST_TOO_LARGE",
  32: "INVALID_TIMESTAMP",
  76: "UNSUPPORTED_COMPRESSION_TYPE",
  87: "INVALID_RECORD",
};

/** The error for one partition's error code in a produce answer. */
export function produceError(topic: string, partition: number, errorCode: number): AppError {
  const refusal = REFUSALS[errorCode];
  const details = { topic, partition, errorCode };
  return refusal === undefined
    ? new AppError("BROKER_NOT_READY", `${topic}/${partition}: broker error ${errorCode}`, {
        details,
      })
    : new AppError("RECORD_REFUSED", `${topic}/${partition}: ${refusal} (${errorCode})`, {
        details,
      });
}

/**
 * Anything that kafkajs throws: BROKER_AUTH_FAILED or BROKER_TLS_FAILED when a cluster does not let
 * this client in, else BROKER_UNAVAILABLE. What was asked may or may not have happened.
 */
export function brokerError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const root = rootCause(error);
  const refused = securityError(root);
  if (refused !== undefined) return refused;
  const message = root instanceof Error ? root.message : String(root);
  return new AppError("BROKER_UNAVAILABLE", `${message}${hintOf(root)}`, { cause: error });
}

/** The innermost cause: kafkajs wraps its errors once for each layer that gave up retrying. */
export function rootCause(error: unknown): unknown {
  let current = error;
  while (current instanceof Error && current.cause instanceof Error) current = current.cause;
  return current;
}

import { AppError, type ErrorCode } from "@order-outbox/errors";
import { KafkaJSProtocolError, KafkaJSServerDoesNotSupportApiKey } from "kafkajs";
import { CLIENT_ERRORS } from "./client-errors.ts";
import { type Fault, PROTOCOL_ERRORS } from "./protocol-errors.ts";
import { hintOf, securityError } from "./security-errors.ts";

/** What becomes of a request that failed by a fault. */
const CODES: Readonly<Record<Fault, ErrorCode>> = {
  outage: "BROKER_UNAVAILABLE",
  refusal: "RECORD_REFUSED",
  clock: "CLOCK_REFUSED",
  access: "BROKER_AUTH_FAILED",
  configuration: "BROKER_MISCONFIGURED",
  ours: "BROKER_MISUSED",
};

/**
 * The error for one partition's error code in a produce answer. The broker has answered, so what
 * passes is BROKER_NOT_READY here.
 */
export function produceError(topic: string, partition: number, errorCode: number): AppError {
  const [name, fault, see] = PROTOCOL_ERRORS[errorCode] ?? ["an unknown error", "outage"];
  const code = fault === "outage" ? "BROKER_NOT_READY" : CODES[fault];
  return new AppError(code, `${topic}/${partition}: ${name} (${errorCode})${toSee(see)}`, {
    details: { topic, partition, errorCode },
  });
}

/**
 * Anything that kafkajs throws: what the tables of errors say of it, with the settings to look at in
 * its message. What was asked may or may not have happened.
 */
export function brokerError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const root = rootCause(error);
  const refused = securityError(root);
  if (refused !== undefined) return refused;
  const [fault, see] = faultOf(root);
  return new AppError(CODES[fault], `${wordsOf(root)}${toSee(see)}${hintOf(root)}`, {
    cause: error,
  });
}

/** The innermost cause: kafkajs wraps its errors once for each layer that gave up retrying. */
export function rootCause(error: unknown): unknown {
  let current = error;
  while (current instanceof Error && current.cause instanceof Error) current = current.cause;
  return current;
}

/** Without a connection kafkajs trips over its own missing answers, and its words say nothing of it. */
function wordsOf(root: unknown): string {
  if (root instanceof TypeError) return "the connection was lost while the cluster was looked at";
  return root instanceof Error ? root.message : String(root);
}

function faultOf(root: unknown): [fault: Fault, see?: string] {
  if (root instanceof KafkaJSServerDoesNotSupportApiKey) {
    return ["configuration", `the broker's version: it has no ${root.apiName}`];
  }
  if (root instanceof KafkaJSProtocolError) {
    const [, fault, see] = PROTOCOL_ERRORS[root.code] ?? ["", "outage"];
    return see === undefined ? [fault] : [fault, see];
  }
  const fault = root instanceof Error ? CLIENT_ERRORS[root.constructor.name] : undefined;
  return [fault === undefined || fault === "protocol" ? "outage" : fault];
}

const toSee = (see: string | undefined): string => (see === undefined ? "" : `; see ${see}`);

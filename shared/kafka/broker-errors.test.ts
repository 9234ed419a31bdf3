import { expect, test } from "bun:test";
import { createRequire } from "node:module";
import { KAFKA_ERRORS } from "@order-outbox/dev-broker";
import { ERROR_CODES } from "@order-outbox/errors";
import { brokerError, produceError } from "./broker-errors.ts";
import { CLIENT_ERRORS } from "./client-errors.ts";
import { PROTOCOL_ERRORS } from "./protocol-errors.ts";

const kafkaJs = createRequire(import.meta.resolve("kafkajs"));
const { errorCodes, createErrorFromCode } = kafkaJs("./src/protocol/error.js") as {
  errorCodes: { type: string; code: number }[];
  createErrorFromCode(code: number): Error;
};
const classes = kafkaJs("./src/errors.js") as Record<string, new (...args: unknown[]) => Error>;
const codes = Object.keys(PROTOCOL_ERRORS).map(Number);

test("every error code of the protocol is decided, by the name that kafkajs has for it", () => {
  expect(codes.toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 135 }, (_, index) => index - 1).filter((code) => code !== 0),
  );
  for (const { type, code } of errorCodes) expect(PROTOCOL_ERRORS[code]?.[0]).toBe(type);
  const names = new Set(codes.map((code) => PROTOCOL_ERRORS[code]?.[0]));
  expect(names.size).toBe(codes.length);
});

test("every class of errors that kafkajs has is decided", () => {
  const ofKafkajs = Object.keys(classes).filter((name) => name.startsWith("KafkaJS"));
  expect(Object.keys(CLIENT_ERRORS).toSorted()).toEqual(ofKafkajs.toSorted());
});

test("a code leads to the same decision, thrown or in the answer for a partition", () => {
  const decided: Record<string, string> = {
    refusal: "RECORD_REFUSED",
    clock: "CLOCK_REFUSED",
    access: "BROKER_AUTH_FAILED",
    configuration: "BROKER_MISCONFIGURED",
    ours: "BROKER_MISUSED",
  };
  for (const code of codes) {
    const [name, fault, see] = PROTOCOL_ERRORS[code] ?? ["", ""];
    const thrown = brokerError(createErrorFromCode(code));
    const answered = produceError("topic", 0, code);
    expect([code, thrown.code]).toEqual([code, decided[fault] ?? "BROKER_UNAVAILABLE"] as never);
    expect([code, answered.code]).toEqual([code, decided[fault] ?? "BROKER_NOT_READY"] as never);
    expect(answered.message).toContain(`${name} (${code})`);
    if (fault === "access" || fault === "configuration") expect(see).toBeString();
    if (see !== undefined)
      for (const { message } of [thrown, answered]) expect(message).toContain(see);
    expect(answered.retryable).toBe(fault !== "refusal");
    expect(ERROR_CODES).toHaveProperty(thrown.code);
  }
});

test("only what the broker has against the very records is charged to them", () => {
  const refusals = codes.filter((code) => produceError("topic", 0, code).code === "RECORD_REFUSED");
  expect(refusals).toEqual([KAFKA_ERRORS.MESSAGE_TOO_LARGE, 18, KAFKA_ERRORS.INVALID_RECORD]);
});

test("a class leads to its decision, wrapped or not", () => {
  const { KafkaJSNumberOfRetriesExceeded: Wrapper } = classes;
  if (Wrapper === undefined) throw new Error("kafkajs has no such error");
  for (const [name, expected] of [
    ["KafkaJSConnectionError", "BROKER_UNAVAILABLE"],
    ["KafkaJSRequestTimeoutError", "BROKER_UNAVAILABLE"],
    ["KafkaJSNotImplemented", "BROKER_MISUSED"],
    ["KafkaJSInvariantViolation", "BROKER_MISUSED"],
    ["KafkaJSServerDoesNotSupportApiKey", "BROKER_MISCONFIGURED"],
    ["KafkaJSSASLAuthenticationError", "BROKER_AUTH_FAILED"],
  ]) {
    const Class = classes[name ?? ""];
    if (Class === undefined) throw new Error(`kafkajs has no ${name}`);
    const error = new Class("it failed");
    const wrapped = new Wrapper(error, { retryCount: 1, retryTime: 1 });
    for (const thrown of [error, wrapped]) expect(brokerError(thrown).code).toBe(expected as never);
  }
});

test("what nobody has heard of is an outage", () => {
  for (const thrown of [
    createErrorFromCode(999),
    new RangeError("out of range"),
    "text",
    undefined,
  ]) {
    expect(brokerError(thrown).code).toBe("BROKER_UNAVAILABLE");
  }
  expect(produceError("topic", 0, 999).code).toBe("BROKER_NOT_READY");
});

test("where kafkajs trips over a lost connection, the message says what happened", () => {
  const stumble = new TypeError("Cannot destructure property 'topicMetadata' from null");
  const { code, message, cause } = brokerError(stumble);
  expect([code, message]).toEqual([
    "BROKER_UNAVAILABLE",
    "the connection was lost while the cluster was looked at",
  ]);
  expect(cause).toBe(stumble);
});

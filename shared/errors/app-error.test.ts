import { expect, test } from "bun:test";
import { AppError, ERROR_CODES, errorCodeOf, isAppError, toAppError } from "./mod.ts";

test("an error takes retryable from its code unless the thrower knows better", () => {
  expect(new AppError("BROKER_UNAVAILABLE", "gone").retryable).toBe(true);
  expect(new AppError("RECORD_REFUSED", "too large").retryable).toBe(false);
  expect(new AppError("HANDLER_FAILED", "gateway busy", { retryable: true }).retryable).toBe(true);
});

test("a foreign value becomes an error with a code and keeps the original as its cause", () => {
  const original = new TypeError("x is not a function");
  const wrapped = toAppError(original, "STORAGE_FAILED");
  expect([wrapped.code, wrapped.message, wrapped.cause]).toEqual([
    "STORAGE_FAILED",
    "x is not a function",
    original,
  ]);
  expect(toAppError("plain text").message).toBe("plain text");
  expect(toAppError(wrapped)).toBe(wrapped);
});

test("codes are read from our errors only", () => {
  expect(errorCodeOf(new Error("no code"))).toBe("INTERNAL");
  expect(isAppError(new AppError("NOT_FOUND", "no order"), "NOT_FOUND")).toBe(true);
  expect(isAppError(new AppError("NOT_FOUND", "no order"), "OVERLOADED")).toBe(false);
  expect(Object.keys(ERROR_CODES).every((code) => /^[A-Z_]+$/.test(code))).toBe(true);
});

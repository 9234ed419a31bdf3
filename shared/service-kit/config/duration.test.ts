import { expect, test } from "bun:test";
import { AppError } from "@order-outbox/errors";
import { Type } from "@sinclair/typebox";
import { loadConfig } from "./config.ts";
import { parseDuration } from "./duration.ts";
import { outboxRetentionSetting } from "./settings.ts";

const Schema = Type.Object({ OUTBOX_RETENTION: outboxRetentionSetting });
const load = (text: string) =>
  loadConfig(Schema, { OUTBOX_RETENTION: text }, { service: "order-service" });

test("a duration is a whole number and a unit", () => {
  expect(["45s", "90m", "12h", "30d"].map((text) => parseDuration(text))).toEqual([
    45_000, 5_400_000, 43_200_000, 2_592_000_000,
  ]);
  expect(parseDuration(undefined)).toBeUndefined();
});

test("anything else is refused with what a duration looks like", () => {
  expect(load("30d").OUTBOX_RETENTION).toBe("30d");
  const wrong = ["", "0d", "30", "30 d", "-1d", "1.5h", "1D", "1w", "30days", "100000d", "∞"];
  for (const text of wrong) {
    let message = "";
    try {
      load(text);
    } catch (error) {
      if (error instanceof AppError) message = error.message;
    }
    const given = text === "" ? "it is empty" : `it is ${JSON.stringify(text)}`;
    expect(message).toEndWith(`OUTBOX_RETENTION must be a duration like 30d, 12h or 90m; ${given}`);
    expect(() => parseDuration(text)).toThrow("not a duration");
  }
});

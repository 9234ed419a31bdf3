import { expect, test } from "bun:test";
import { AppError } from "@order-outbox/errors";
import { startProcess } from "@order-outbox/testing";
import { Type } from "@sinclair/typebox";
import { adminSettings } from "../admin/token.ts";
import { loadConfig } from "./config.ts";
import {
  brokersOf,
  databasePathSetting,
  hostSetting,
  kafkaHostSetting,
  logFormatSetting,
  logLevelSetting,
  outboxPollSetting,
  portSetting,
} from "./settings.ts";

const Schema = Type.Object({
  PORT: portSetting(3001),
  HOST: hostSetting,
  KAFKA_HOST: kafkaHostSetting,
  DATABASE_PATH: databasePathSetting("orders.db"),
  LOG_LEVEL: logLevelSetting,
  LOG_FORMAT: logFormatSetting,
  ...adminSettings,
  OUTBOX_POLL_MS: outboxPollSetting,
  SUCCESS_RATE: Type.Number({ minimum: 0, maximum: 1, default: 0.9 }),
  VERBOSE: Type.Boolean({ default: false }),
});

const load = (env: Record<string, string>) => loadConfig(Schema, env, { service: "order-service" });

function problemsOf(env: Record<string, string>): string[] {
  try {
    load(env);
  } catch (error) {
    if (error instanceof AppError) return error.message.split("\n").map((line) => line.trim());
  }
  return [];
}

test("an empty environment gives the defaults", () => {
  expect(load({})).toEqual({
    PORT: 3001,
    HOST: "127.0.0.1",
    KAFKA_HOST: "localhost:9092",
    DATABASE_PATH: "orders.db",
    LOG_LEVEL: "info",
    OUTBOX_POLL_MS: 5000,
    SUCCESS_RATE: 0.9,
    VERBOSE: false,
  });
});

test("texts become numbers and booleans, and other variables are left alone", () => {
  const config = load({
    PORT: "0",
    KAFKA_HOST: "a:9092,b.example:9093",
    SUCCESS_RATE: "0.25",
    VERBOSE: "true",
    PATH: "/bin",
  });
  expect(config).toMatchObject({ PORT: 0, SUCCESS_RATE: 0.25, VERBOSE: true });
  expect(brokersOf(config.KAFKA_HOST)).toEqual(["a:9092", "b.example:9093"]);
  expect(config).not.toHaveProperty("PATH");
});

test("a broker may have an IPv6 address, in brackets", () => {
  const { KAFKA_HOST } = load({ KAFKA_HOST: "[::1]:9092,[fe80::1%eth0]:9093,a:9092" });
  expect(brokersOf(KAFKA_HOST)).toEqual(["[::1]:9092", "[fe80::1%eth0]:9093", "a:9092"]);
});

test("every problem is reported at once, with what was given and what is expected", () => {
  expect(
    problemsOf({
      PORT: "70000",
      KAFKA_HOST: "",
      LOG_LEVEL: "loud",
      OUTBOX_POLL_MS: "5s",
      SUCCESS_RATE: "90%",
      VERBOSE: "yes",
    }),
  ).toEqual([
    "order-service cannot start:",
    'PORT must be a whole number from 0 to 65535; it is "70000"',
    "KAFKA_HOST must be host:port, comma-separated; it is empty",
    'LOG_LEVEL must be debug or info or warn or error; it is "loud"',
    'OUTBOX_POLL_MS must be a whole number from 10 to 3600000; it is "5s"',
    'SUCCESS_RATE must be a number from 0 to 1; it is "90%"',
    'VERBOSE must be true or false; it is "yes"',
  ]);
});

test.each([
  ["PORT", "3001.5"],
  ["PORT", "0x10"],
  ["PORT", " 3001"],
  ["PORT", ""],
  ["KAFKA_HOST", "localhost"],
  ["KAFKA_HOST", "localhost:9092,"],
  ["KAFKA_HOST", "localhost:9092, other:9092"],
  ["KAFKA_HOST", "localhost:99999"],
  ["KAFKA_HOST", "localhost:0"],
  ["KAFKA_HOST", "::1:9092"],
  ["KAFKA_HOST", "[::1]"],
  ["KAFKA_HOST", "[localhost]:9092"],
  ["DATABASE_PATH", ""],
  ["HOST", ""],
  ["LOG_FORMAT", "xml"],
])("%s=%p is refused", (variable, value) => {
  expect(problemsOf({ [variable]: value })).toHaveLength(2);
});

test("a variable without a default has to be set", () => {
  const schema = Type.Object({ SEED: Type.String({ minLength: 1, expected: "a seed" }) });
  expect(() => loadConfig(schema, {}, { service: "x" })).toThrow(
    "SEED must be a seed; it is not set",
  );
});

test("a secret that is too short is refused without being shown", () => {
  const [, problem] = problemsOf({ ADMIN_TOKEN: "hunter2" });
  expect(problem).toBe("ADMIN_TOKEN must be at least 16 characters long; its value is not shown");
});

test.each(["at once", "later"])(
  "a process that finds wrong settings (%s) says so on one readable line each and exits with 78",
  async (when) => {
    await using child = startProcess(["bun", `${import.meta.dir}/config-program.ts`, when], {
      env: { PORT: "many" },
    });
    expect(await child.exited).toBe(78);
    expect(await child.waitForLine("PORT")).toBe(
      '  PORT must be a whole number from 0 to 65535; it is "many"',
    );
    expect(child.lines).toHaveLength(2);
  },
);

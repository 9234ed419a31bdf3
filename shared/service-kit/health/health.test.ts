import { expect, test } from "bun:test";
import { AppError } from "@order-outbox/errors";
import { Elysia } from "elysia";
import { listen } from "../http/listen.ts";
import { problemJson } from "../http/problem-plugin.ts";
import { createLogger } from "../logs/logger.ts";
import { type HealthOptions, health } from "./health.ts";

function start(options: Partial<HealthOptions>) {
  const logger = createLogger({ service: "s", destination: { write() {} } });
  const app = new Elysia()
    .use(problemJson({ logger }))
    .use(health({ service: "order-service", readiness: () => "ready", ...options }));
  const listener = listen(app, { host: "127.0.0.1", port: 0 });
  return {
    get: async (path: string) => {
      const response = await fetch(listener.url + path);
      return { status: response.status, body: await response.json() };
    },
    [Symbol.asyncDispose]: () => listener.stop(),
  };
}

test("health is ok with every check's facts, and a broker outage alone changes nothing", async () => {
  await using app = start({
    broker: () => "down",
    checks: { outbox: async () => ({ ok: true, pending: 3 }), inbox: () => ({ ok: true }) },
  });
  expect(await app.get("/health")).toEqual({
    status: 200,
    body: {
      status: "ok",
      service: "order-service",
      uptimeSeconds: expect.any(Number),
      broker: "down",
      checks: { outbox: { ok: true, pending: 3 }, inbox: { ok: true } },
    },
  });
});

test("one failing, throwing or hanging check makes health fail, and all are shown", async () => {
  await using app = start({
    checkTimeoutMs: 20,
    checks: {
      fine: () => ({ ok: true }),
      stuck: () => ({ ok: false, lag: 12 }),
      foreign: () => {
        throw new Error("ENOENT: no such file or directory, statfs '/home/somebody'");
      },
      throwing: () => {
        throw new AppError("STORAGE_FAILED", "no such table");
      },
      hanging: () => new Promise(() => {}),
    },
  });
  expect(await app.get("/health")).toEqual({
    status: 503,
    body: {
      status: "failing",
      service: "order-service",
      uptimeSeconds: expect.any(Number),
      broker: "unknown",
      checks: {
        fine: { ok: true },
        stuck: { ok: false, lag: 12 },
        foreign: { ok: false, code: "INTERNAL", message: "the check itself failed" },
        throwing: { ok: false, code: "STORAGE_FAILED", message: "no such table" },
        hanging: { ok: false, message: "no answer within 20 ms" },
      },
    },
  });
});

test("ready follows the life of the process", async () => {
  let readiness: ReturnType<HealthOptions["readiness"]> = "starting";
  await using app = start({ readiness: () => readiness });
  expect(await app.get("/ready")).toEqual({ status: 503, body: { status: "starting" } });
  readiness = "ready";
  expect(await app.get("/ready")).toEqual({ status: 200, body: { status: "ready" } });
  readiness = "stopping";
  expect(await app.get("/ready")).toEqual({ status: 503, body: { status: "stopping" } });
});

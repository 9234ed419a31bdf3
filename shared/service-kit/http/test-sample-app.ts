import { AppError } from "@order-outbox/errors";
import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { createLogger } from "../logs/logger.ts";
import { createHostJudge } from "./allowed-hosts.ts";
import { guardRequests } from "./guard-requests.ts";
import { listen } from "./listen.ts";
import { observeRequests } from "./observe-requests.ts";
import { PageQuery } from "./pagination.ts";
import { problemJson } from "./problem-plugin.ts";

const Thing = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 10 }),
  amount: Type.Number({ exclusiveMinimum: 0, maximum: 1000 }),
  tags: Type.Optional(Type.Array(Type.String())),
  color: Type.Optional(Type.Union([Type.Literal("red"), Type.Literal("blue")])),
});

const ById = { params: Type.Object({ id: Type.String({ format: "uuid" }) }) };

const errors = {
  overloaded: new AppError("OVERLOADED", "too much is waiting"),
  full: new AppError("STORAGE_FULL", "the disk is full"),
  stopping: new AppError("SHUTTING_DOWN", "shutting down"),
  unauthorized: new AppError("UNAUTHORIZED", "a token is needed"),
  failed: new AppError("STORAGE_FAILED", "secret: cannot read /home/someone/orders.db"),
  foreign: new Error("secret: /home/someone/orders.db"),
};

/** A small app behind a real socket; `logLines` has what it logged, `requests` what it noted. */
export function startSampleApp() {
  const logLines: string[] = [];
  const logger = createLogger({
    service: "sample",
    format: "json",
    destination: { write: (line) => void logLines.push(line) },
  });
  const things = new Elysia({ name: "things" })
    .post("/things", ({ body, status }) => status(201, body), { body: Thing })
    .get("/things", ({ query }) => query, { query: PageQuery })
    .get(
      "/things/:id",
      ({ params }) => Promise.reject(new AppError("NOT_FOUND", `no ${params.id}`)),
      ById,
    )
    .post("/things/:id/paint", ({ params }) => params, ById);
  const app = new Elysia()
    .use(problemJson({ logger }))
    .use(things)
    .get("/fails/:how", ({ params: { how } }) => {
      throw errors[how as keyof typeof errors];
    })
    .get("/wrong-answer", () => ({ id: 1 }) as never, {
      response: Type.Object({ id: Type.String() }),
    });
  const requests: [method: string, route: string, status: number][] = [];
  const guarded = guardRequests(app, { judgeHost: createHostJudge("127.0.0.1"), logger });
  const observed = observeRequests(guarded, (method, route, status) => {
    requests.push([method, route, status]);
  });
  const listener = listen(observed, { host: "127.0.0.1", port: 0 });
  return {
    url: listener.url,
    port: listener.port,
    logLines,
    requests,
    [Symbol.asyncDispose]: () => listener.stop(),
  };
}

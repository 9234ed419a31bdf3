import { beforeAll, expect, test } from "bun:test";
import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { PageQuery } from "../http/pagination.ts";
import { problemJson } from "../http/problem-plugin.ts";
import { createLogger } from "../logs/logger.ts";
import { operation } from "./details.ts";
import type { OpenApiDocument } from "./objects.ts";
import { openapi } from "./openapi.ts";

const Thing = Type.Object({ name: Type.String({ examples: ["a"] }) }, { $id: "Thing" });
const details = { summary: "s", tags: ["things"] };

const app = new Elysia()
  .use(problemJson({ logger: createLogger({ service: "sample", destination: { write() {} } }) }))
  .post("/things", ({ body }) => body, {
    body: Type.Object({ name: Type.String() }),
    detail: operation({
      ...details,
      headers: { "Idempotency-Key": Type.Optional(Type.String()), "X-Tenant": Type.String() },
      answers: {
        201: {
          description: "made",
          body: Thing,
          headers: { Location: Type.String(), "X-More": Type.Optional(Type.String()) },
          links: { thing: { operationId: "getThing", parameters: { id: "$response.body#/id" } } },
        },
        503: { description: "not now", body: Thing },
      },
      problems: ["UNAUTHORIZED", "IDEMPOTENCY_KEY_REUSED", "OVERLOADED"],
    }),
  })
  .get("/things", () => [], { query: PageQuery })
  .get("/bare", () => [])
  .get(
    "/things/:id/parts/:part",
    function getThing() {
      return "text";
    },
    {
      params: Type.Object({ id: Type.String(), part: Type.String() }),
      detail: operation({
        ...details,
        answers: { 200: { description: "it", text: ["text/plain"] } },
        problems: ["NOT_FOUND"],
      }),
    },
  )
  .get("/hidden", () => "", { detail: { hide: true } })
  .use(openapi({ title: "Sample <API>", version: "1.2.3", description: "Does things." }));

const ask = async (path: string, accept = "*/*") =>
  app.handle(new Request(`http://localhost${path}`, { headers: { accept } }));

let document: OpenApiDocument;
beforeAll(async () => {
  document = (await (await ask("/openapi/json")).json()) as OpenApiDocument;
});

test("every route is in the document, but hidden ones", () => {
  expect(Object.keys(document.paths)).toEqual([
    "/things",
    "/bare",
    "/things/{id}/parts/{part}",
    "/openapi/json",
    "/openapi",
    "/",
  ]);
  expect(Object.keys(document.paths["/things"] ?? {})).toEqual(["post", "get"]);
  expect(document.paths["/things"]?.get?.operationId).toBe("getThings");
  expect(document.paths["/things/{id}/parts/{part}"]?.get?.operationId).toBe("getThing");
});

test("the service's own address says where to go", async () => {
  expect(await (await ask("/?from=somewhere")).json()).toEqual({
    service: "Sample <API>",
    version: "1.2.3",
    description: "Does things.",
    openapi: "/openapi",
    routes: [
      ...["POST /things", "GET /things", "GET /bare", "GET /things/:id/parts/:part"],
      ...["GET /openapi/json", "GET /openapi", "GET /"],
    ],
  });
});

test("a body, a path and a query bring the errors that they can cause", () => {
  const statuses = (path: string, method: string) =>
    Object.keys(document.paths[path]?.[method]?.responses ?? {});
  expect(statuses("/things", "post")).toEqual([
    ...["201", "400", "401", "413", "415", "422", "500", "503"],
  ]);
  expect(statuses("/things", "get")).toEqual(["200", "422", "500"]);
  expect(statuses("/things/{id}/parts/{part}", "get")).toEqual(["200", "404", "422", "500"]);
  expect(statuses("/bare", "get")).toEqual(["200", "422", "500"]);
  expect(statuses("/openapi", "get")).toEqual(["200", "500"]);
});

test("errors are problem+json, with an example and headers of each code", () => {
  const { responses = {} } = document.paths["/things"]?.post ?? {};
  const problem = responses["422"]?.content?.["application/problem+json"];
  expect(problem?.schema).toEqual({ $ref: "#/components/schemas/Problem" });
  expect(problem?.examples).toMatchObject({
    INPUT_INVALID: {
      value: { status: 422, code: "INPUT_INVALID", errors: [{ in: "body", path: "/name" }] },
    },
    IDEMPOTENCY_KEY_REUSED: { value: { status: 422, title: "Unprocessable Entity" } },
  });
  const ofQuery = document.paths["/things"]?.get?.responses["422"]?.content;
  expect(ofQuery?.["application/problem+json"]?.examples).toMatchObject({
    INPUT_INVALID: {
      value: {
        errors: [{ in: "query", path: "/limit", message: "must be a whole number from 1 to 100" }],
      },
    },
  });
  expect(responses["503"]?.content).toMatchObject({
    "application/json": { schema: { $ref: "#/components/schemas/Thing" } },
    "application/problem+json": { examples: { OVERLOADED: {} } },
  });
  expect(responses["401"]?.headers).toHaveProperty("WWW-Authenticate");
  expect(document.paths["/things"]?.post?.security).toEqual([{ adminToken: [] }]);
  expect(document.components.responses.Problem405?.headers).toHaveProperty("Allow");
});

test("answers have their body, example, headers and links", () => {
  expect(document.paths["/things"]?.post?.responses["201"]).toMatchObject({
    description: "made",
    content: {
      "application/json": {
        schema: { $ref: "#/components/schemas/Thing" },
        example: { name: "a" },
      },
    },
    headers: { Location: { required: true }, "X-More": { required: false } },
    links: { thing: { operationId: "getThing" } },
  });
  for (const response of Object.values(document.paths["/things"]?.post?.responses ?? {})) {
    expect(response.headers?.["X-Request-Id"]).toEqual({
      $ref: "#/components/headers/X-Request-Id",
    });
  }
  const text = document.paths["/things/{id}/parts/{part}"]?.get?.responses["200"]?.content;
  expect(text).toEqual({ "text/plain": { schema: { type: "string" } } });
});

test("parameters say where they are and whether they are needed", () => {
  const of = (path: string, method: string) =>
    document.paths[path]?.[method]?.parameters?.map(
      ({ name, in: place, required }) => `${place} ${name}${required ? "" : "?"}`,
    );
  expect(of("/things", "post")).toEqual(["header Idempotency-Key?", "header X-Tenant"]);
  expect(of("/things", "get")).toEqual(["query limit?", "query cursor?"]);
  expect(of("/things/{id}/parts/{part}", "get")).toEqual(["path id", "path part"]);
  const limit = document.paths["/things"]?.get?.parameters?.[0]?.schema;
  expect(limit).toEqual({
    ...{ type: "integer", minimum: 1, maximum: 100, default: 20 },
    description: "The most items to return.",
  });
});

test("the same address shows people a page that loads nothing", async () => {
  const page = await ask("/openapi", "text/html,application/xhtml+xml");
  expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(page.headers.get("vary")).toBe("Accept");
  const html = await page.text();
  expect(html).toContain("<h1>Sample &lt;API&gt; 1.2.3</h1>");
  expect(html).toContain("/things/{id}/parts/{part}");
  expect(html).not.toMatch(/<script|https?:|src=/);
  expect(await (await ask("/openapi")).json()).toEqual(document);
});

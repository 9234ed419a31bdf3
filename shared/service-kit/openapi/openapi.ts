import { Type } from "@sinclair/typebox";
import type { AnyElysia } from "elysia";
import { operation } from "./details.ts";
import { describeApi } from "./document.ts";
import type { ApiInfo, OpenApiDocument } from "./objects.ts";
import type { Route } from "./operation.ts";
import { renderPage } from "./page.ts";
import { welcome } from "./welcome.ts";

const Document = Type.Object({
  openapi: Type.String(),
  info: Type.Object({}),
  paths: Type.Object({}),
});

const asDocument = operation({
  summary: "This document, for programs",
  tags: ["operations"],
  ignoresQuery: true,
  answers: { 200: { description: "OpenAPI 3.1", body: Document } },
});

const asPage = operation({
  summary: "This document: for people when text/html is asked for, else for programs",
  tags: ["operations"],
  ignoresQuery: true,
  answers: {
    200: {
      description: "OpenAPI 3.1, or a page that shows it",
      body: Document,
      text: ["text/html"],
      headers: { Vary: Type.Literal("Accept") },
    },
  },
});

/**
 * `GET /openapi` and `GET /openapi/json`: the OpenAPI 3.1 document of all routes of the app, its
 * plugins' too. It is made when it is first asked for, and kept. `GET /` leads there.
 *
 * A function and not an Elysia instance, because it needs the routes of the app itself.
 */
export function openapi(info: ApiInfo) {
  return function openapi<App extends AnyElysia>(app: App): App {
    let made: Promise<OpenApiDocument> | undefined;
    const document = () => {
      made ??= describeApi(app.routes as readonly Route[], info);
      return made;
    };
    app.get(
      "/openapi/json",
      async function getOpenapiJson() {
        return Response.json(await document());
      },
      { detail: asDocument },
    );
    app.get(
      "/openapi",
      async function getOpenapi({ request }) {
        const forPeople = request.headers.get("accept")?.includes("text/html");
        const answer = forPeople
          ? new Response(renderPage(await document()), {
              headers: { "content-type": "text/html; charset=utf-8" },
            })
          : Response.json(await document());
        answer.headers.set("vary", "Accept");
        return answer;
      },
      { detail: asPage },
    );
    app.use(welcome(info));
    return app;
  };
}

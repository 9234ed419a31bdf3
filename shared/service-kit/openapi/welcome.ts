import { Type } from "@sinclair/typebox";
import type { AnyElysia } from "elysia";
import { operation } from "./details.ts";
import type { ApiInfo } from "./objects.ts";
import type { Route } from "./operation.ts";

const Welcome = Type.Object(
  {
    service: Type.String(),
    version: Type.String(),
    description: Type.String(),
    openapi: Type.String({ description: "Where everything is described." }),
    routes: Type.Array(Type.String({ examples: ["GET /health"] })),
  },
  { $id: "Welcome" },
);

/**
 * `GET /`: what the service is and where to go from there, for whoever begins with its address.
 *
 * A function and not an Elysia instance, because it needs the routes of the app itself.
 */
export function welcome({ title, version, description }: ApiInfo) {
  return function welcome<App extends AnyElysia>(app: App): App {
    app.get(
      "/",
      function getWelcome() {
        const shown = (app.routes as readonly Route[]).filter(({ hooks }) => !hooks.detail?.hide);
        const routes = shown.map(({ method, path }) => `${method} ${path}`);
        return { service: title, version, description, openapi: "/openapi", routes };
      },
      {
        detail: operation({
          summary: "What this service is, and where to go from here",
          tags: ["operations"],
          ignoresQuery: true,
          answers: { 200: { description: "The addresses", body: Welcome } },
        }),
      },
    );
    return app;
  };
}

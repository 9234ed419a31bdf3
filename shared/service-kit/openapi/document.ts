import { type NamedSchemas, toJsonSchema } from "@order-outbox/events";
import { ProblemSchema } from "../http/problem.ts";
import type { ApiInfo, HeaderObject, OpenApiDocument } from "./objects.ts";
import { ADMIN_TOKEN, describeOperation, REQUEST_ID_HEADER, type Route } from "./operation.ts";
import { describeProblems } from "./problems.ts";

const REQUEST_ID: HeaderObject = {
  description:
    "Joins the answer with the service's log lines. The request's own X-Request-Id when that is short and plain, else a new one.",
  required: false,
  schema: { type: "string" },
};

const GENERAL = `

Errors are problem+json (RFC 9457) with a stable \`code\`; decide by the code, not by the text. An
address that is not listed answers 404, and one that is listed answers 405 with \`Allow\` to another
method. A name in the query that an operation does not list, or one that comes twice, answers 422;
the operations under "operations" ignore their query. A request whose \`Host\` is missing or malformed answers 400, and one for a host that the
service does not answer to 421. Fields that a schema does not name are ignored, except a field \`__proto__\`, which is refused.`;

const GENERAL_PROBLEMS = [
  "INPUT_MALFORMED",
  "NOT_FOUND",
  "METHOD_NOT_ALLOWED",
  "HOST_NOT_ALLOWED",
] as const;

/** Describes every route of an app, in the order in which it has them. */
export async function describeApi(
  routes: readonly Route[],
  { title, version, description }: ApiInfo,
): Promise<OpenApiDocument> {
  const named: NamedSchemas = new Map();
  toJsonSchema(ProblemSchema, named);
  const paths: OpenApiDocument["paths"] = {};
  for (const route of routes.filter(({ hooks }) => !hooks.detail?.hide)) {
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    const described = await describeOperation(route, named);
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: described };
  }
  const all = Object.values(paths).flatMap((operations) => Object.values(operations));
  const general = await describeProblems(GENERAL_PROBLEMS, named);
  return {
    openapi: "3.1.1",
    info: { title, version, description: description + GENERAL },
    servers: [{ url: "/" }],
    tags: [...new Set(all.flatMap(({ tags }) => tags))].map((name) => ({ name })),
    paths,
    components: {
      schemas: Object.fromEntries(named),
      responses: Object.fromEntries(
        Object.entries(general).map(([status, response]) => [`Problem${status}`, response]),
      ),
      headers: { [REQUEST_ID_HEADER]: REQUEST_ID },
      ...(all.some(({ security }) => security) && {
        securitySchemes: { [ADMIN_TOKEN]: { type: "http", scheme: "bearer" } },
      }),
    },
  };
}

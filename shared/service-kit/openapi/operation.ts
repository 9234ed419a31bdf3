import type { ErrorCode } from "@order-outbox/errors";
import { exampleOf, type NamedSchemas, toJsonSchema } from "@order-outbox/events";
import { OptionalKind, type TObject, type TSchema } from "@sinclair/typebox";
import type { Violation } from "../http/problem.ts";
import type { Answer, HeaderSchemas, OperationDetails } from "./details.ts";
import type { OperationObject, ParameterObject, ResponseObject } from "./objects.ts";
import { describeProblems } from "./problems.ts";

/** What is read of a route of an Elysia app. */
export interface Route {
  method: string;
  path: string;
  handler: unknown;
  hooks: {
    body?: TSchema;
    query?: TObject;
    params?: TObject;
    response?: Record<string, TSchema>;
    detail?: Partial<OperationDetails> & { hide?: boolean };
  };
}

export const ADMIN_TOKEN = "adminToken";
export const REQUEST_ID_HEADER = "X-Request-Id";

/** What OpenAPI says about one route. */
export async function describeOperation(
  { method, path, handler, hooks }: Route,
  named: NamedSchemas,
): Promise<OperationObject> {
  const { summary = "", description, tags = [], headers = {}, problems = [] } = hooks.detail ?? {};
  const parameters = [
    ...describeParameters("path", hooks.params, named),
    ...describeParameters("query", hooks.query, named),
    ...describeRequestHeaders(headers, named),
  ];
  return {
    operationId: operationIdOf(method, path, handler),
    summary,
    ...(description !== undefined && { description }),
    tags,
    ...(problems.includes("UNAUTHORIZED") && { security: [{ [ADMIN_TOKEN]: [] }] }),
    ...(parameters.length > 0 && { parameters }),
    ...(hooks.body && {
      requestBody: { required: true, content: { "application/json": media(hooks.body, named) } },
    }),
    responses: withRequestId(
      merge(
        describeAnswers(answersOf(hooks), named),
        await describeProblems([...impliedProblems(hooks), ...problems], named, violationOf(hooks)),
      ),
    ),
  };
}

function impliedProblems({ body, detail }: Route["hooks"]): ErrorCode[] {
  return [
    ...(body ? (["INPUT_MALFORMED", "BODY_TOO_LARGE", "MEDIA_TYPE_UNSUPPORTED"] as const) : []),
    ...(detail?.ignoresQuery ? [] : (["INPUT_INVALID"] as const)),
    "INTERNAL",
  ];
}

/** How a request could break the schema of what it sends, by its first field. */
function violationOf({ body, query, params }: Route["hooks"]): Violation {
  const place = body ? "body" : query ? "query" : "params";
  const properties: Record<string, TSchema> = { body, query, params }[place]?.properties ?? {};
  const [name = ""] = Object.keys(properties);
  const { error, description }: Partial<TSchema> = properties[name] ?? {};
  const rule = description === undefined ? "is not valid" : `must be ${description}`;
  return { in: place, path: `/${name}`, message: typeof error === "string" ? error : rule };
}

/** Of the handler's name, where it has one. */
function operationIdOf(method: string, path: string, handler: unknown): string {
  if (typeof handler === "function" && handler.name !== "") return handler.name;
  const words = path.split(/[^a-zA-Z0-9]+/).filter(Boolean);
  return [
    method.toLowerCase(),
    ...words.map((word) => word[0]?.toUpperCase() + word.slice(1)),
  ].join("");
}

function describeParameters(
  place: "path" | "query",
  schema: TObject | undefined,
  named: NamedSchemas,
): ParameterObject[] {
  const { properties = {}, required = [] } = schema ?? {};
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    // A parameter with a default may be left out.
    required: required.includes(name) && property.default === undefined,
    schema: toJsonSchema(property, named),
  }));
}

function describeRequestHeaders(headers: HeaderSchemas, named: NamedSchemas): ParameterObject[] {
  return Object.entries(headers).map(([name, schema]) => ({
    name,
    in: "header",
    required: schema[OptionalKind] !== "Optional",
    schema: toJsonSchema(schema, named),
  }));
}

/** Elysia's own `response` schemas count where the details say nothing about a status. */
function answersOf({ response = {}, detail }: Route["hooks"]): Record<string, Answer> {
  const checked = Object.entries(response).map(([status, body]): [string, Answer] => [
    status,
    { description: body.description ?? "", body },
  ]);
  const answers = { ...Object.fromEntries(checked), ...detail?.answers };
  return Object.keys(answers).length > 0 ? answers : { 200: { description: "OK" } };
}

function describeAnswers(
  answers: Record<string, Answer>,
  named: NamedSchemas,
): Record<string, ResponseObject> {
  return Object.fromEntries(
    Object.entries(answers).map(([status, { description, body, text = [], headers, links }]) => {
      const content = {
        ...(body && { "application/json": media(body, named) }),
        ...Object.fromEntries(text.map((type) => [type, { schema: { type: "string" } }])),
      };
      return [
        status,
        {
          description,
          ...(headers && { headers: describeHeaders(headers, named) }),
          ...(Object.keys(content).length > 0 && { content }),
          ...(links && { links }),
        },
      ];
    }),
  );
}

function withRequestId(responses: Record<string, ResponseObject>): Record<string, ResponseObject> {
  const $ref = `#/components/headers/${REQUEST_ID_HEADER}`;
  return Object.fromEntries(
    Object.entries(responses).map(([status, response]) => [
      status,
      { ...response, headers: { ...response.headers, [REQUEST_ID_HEADER]: { $ref } } },
    ]),
  );
}

function describeHeaders(headers: HeaderSchemas, named: NamedSchemas) {
  return Object.fromEntries(
    Object.entries(headers).map(([name, schema]) => [
      name,
      { required: schema[OptionalKind] !== "Optional", schema: toJsonSchema(schema, named) },
    ]),
  );
}

function media(schema: TSchema, named: NamedSchemas) {
  const example = exampleOf(schema);
  return { schema: toJsonSchema(schema, named), ...(example !== undefined && { example }) };
}

/** A status may be an answer and a problem, told by its media type. */
function merge(
  answers: Record<string, ResponseObject>,
  problems: Record<string, ResponseObject>,
): Record<string, ResponseObject> {
  const merged = { ...answers };
  for (const [status, problem] of Object.entries(problems)) {
    const answer = answers[status];
    merged[status] = answer
      ? { ...answer, content: { ...answer.content, ...problem.content } }
      : problem;
  }
  return merged;
}

import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { EVENTS, TOPICS, type Topic } from "@order-outbox/contracts";
import { serviceNamed } from "@order-outbox/registry";
import { REPOSITORY } from "@order-outbox/testing";
import { YAML } from "bun";
import { type ServiceProcess, type System, startSystem } from "../mod.ts";
import { type ApiDocument, jsonSchemas, openApiContract } from "../openapi.ts";
import { placeOrders, waitUntilSettled } from "./support.ts";

const TOKEN = "a-token-of-sixteen-or-more";
const JSON_TYPE = { "content-type": "application/json" };
const NOBODY = "0198f6a2-0000-7000-8000-000000000001";

type Call = [operation: string, status: number, path: string, init?: RequestInit];

const post = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  headers: { ...JSON_TYPE, authorization: `Bearer ${TOKEN}`, ...headers },
  body: typeof body === "string" ? body : JSON.stringify(body),
});
const get = { headers: { authorization: `Bearer ${TOKEN}` } };

const everywhere: Call[] = [
  ["GET /", 200, "/"],
  ["GET /health", 200, "/health?probe=1"],
  ["GET /ready", 200, "/ready"],
  ["GET /metrics", 200, "/metrics"],
  ["GET /openapi", 200, "/openapi"],
  ["GET /openapi", 200, "/openapi", { headers: { accept: "text/html,*/*" } }],
  ["GET /openapi/json", 200, "/openapi/json"],
  ["GET /admin/held-events", 200, "/admin/held-events?state=PARKED", get],
  ["GET /admin/held-events", 401, "/admin/held-events"],
  ["GET /admin/held-events", 422, "/admin/held-events?limit=0", get],
  ["GET /admin/held-events/{id}", 422, "/admin/held-events/77?x=1", get],
  ["GET /admin/held-events/{id}", 404, "/admin/held-events/77", get],
  ["POST /admin/held-events/redrive", 422, "/admin/held-events/redrive", post({})],
  [
    "POST /admin/held-events/{id}/discard",
    404,
    "/admin/held-events/77/discard",
    post({ reason: "x" }),
  ],
  ["GET /admin/requests/{id}", 404, "/admin/requests/77", get],
];

const outbox: Call[] = [
  ["GET /admin/outbox", 200, "/admin/outbox?limit=3", get],
  ["GET /admin/outbox/{id}", 200, "/admin/outbox/1", get],
  ["POST /admin/outbox/redrive", 200, "/admin/outbox/redrive", post({})],
  ["POST /admin/outbox/{id}/discard", 404, "/admin/outbox/1/discard", post({ reason: "x" })],
];

const order = { customerId: "Grüße 🙂", amount: 99.99 };
const once = { "idempotency-key": NOBODY };
const orders = (orderId: string): Call[] => [
  ["POST /api/orders", 201, "/api/orders", post(order, once)],
  ["POST /api/orders", 201, "/api/orders", post(order, once)],
  ["POST /api/orders", 422, "/api/orders", post({ ...order, amount: 1 }, once)],
  ["POST /api/orders", 422, "/api/orders", post({ amount: -1 })],
  ["POST /api/orders", 422, "/api/orders?dryRun=true", post(order)],
  ["POST /api/orders", 415, "/api/orders", post(order, { "content-encoding": "gzip" })],
  ["POST /api/orders", 400, "/api/orders", post("{")],
  ["POST /api/orders", 413, "/api/orders", post("x".repeat(20_000))],
  ["POST /api/orders", 415, "/api/orders", post("x", { "content-type": "text/plain" })],
  ["GET /api/orders/{orderId}", 200, `/api/orders/${orderId}`],
  ["GET /api/orders/{orderId}", 404, `/api/orders/${NOBODY}`],
  ["GET /api/orders/{orderId}", 422, "/api/orders/1"],
  ["GET /api/orders", 200, "/api/orders?limit=2"],
];

/** Makes the calls, and gives what the service's document does not say of their answers. */
async function surprises(service: ServiceProcess, calls: readonly Call[]): Promise<string[]> {
  const document = (await (await fetch(`${service.url}/openapi`)).json()) as ApiDocument;
  const contract = await openApiContract(document);
  const found: string[] = [];
  for (const [operation, status, path, init] of calls) {
    const response = await fetch(service.url + path, init);
    if (response.status !== status) found.push(`${operation}: ${response.status}`);
    found.push(...(await contract.check(operation, response)));
  }
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, summary }]) => ({
      name: `${method.toUpperCase()} ${path}`,
      operationId,
      summary,
    })),
  );
  const ids = Map.groupBy(operations, ({ operationId }) => operationId);
  const called = new Set(calls.map(([operation]) => operation));
  return [
    ...found,
    ...[...ids].filter(([, { length }]) => length > 1).map(([id]) => `${id} is not unique`),
    ...operations.filter(({ summary }) => !summary).map(({ name }) => `${name} has no summary`),
    ...operations
      .filter(({ name }) => !called.has(name))
      .map(({ name }) => `${name} was not called`),
  ];
}

/** What docs/asyncapi.yaml does not say of the records in a topic. */
async function strangeEvents(system: System, topic: Topic): Promise<string[]> {
  const file = Bun.file(join(REPOSITORY, "docs/asyncapi.yaml"));
  const { components } = YAML.parse(await file.text()) as {
    components: { messages: Record<string, { headers: object; payload: object }> };
  };
  const ajv = jsonSchemas();
  const records = await system.readTopic(topic);
  const types = EVENTS.types.filter((type) => EVENTS.originOf(type).topic === topic);
  expect([...new Set(records.map(({ headers }) => headers.ce_type))].sort()).toEqual(types.sort());
  return records.flatMap(({ key, headers, value }) => {
    const message = components.messages[headers.ce_type ?? ""];
    if (message === undefined) return [`no message ${headers.ce_type}`];
    const wrongKey = key === headers.ce_subject ? [] : [`key ${key}`];
    return [
      ...wrongKey,
      ...(ajv.validate(message.headers, headers) ? [] : [ajv.errorsText()]),
      ...(ajv.validate(message.payload, JSON.parse(value ?? "")) ? [] : [ajv.errorsText()]),
    ];
  });
}

function topicsReadBy(service: ServiceProcess): string[] {
  using db = new Database(service.databasePath, { readonly: true });
  const rows = db.query<{ topic: string }, []>("SELECT DISTINCT topic FROM inbox ORDER BY topic");
  return rows.all().map(({ topic }) => topic);
}

test("answers and events are what the published contracts say", async () => {
  await using system = await startSystem({
    env: { LOG_LEVEL: "warn", ADMIN_TOKEN: TOKEN, PAYMENT_SUCCESS_RATE: "0.5" },
  });
  const [orderId = ""] = await placeOrders(system, 12);
  await waitUntilSettled(system, 12);

  const services = {
    order: system.order,
    payment: system.payment,
    notification: system.notification,
  };
  const payments: Call = ["GET /api/payments", 200, "/api/payments"];
  const notifications: Call = [
    "GET /api/notifications",
    200,
    `/api/notifications?orderId=${orderId}`,
  ];
  expect({
    order: await surprises(services.order, [...everywhere, ...outbox, ...orders(orderId)]),
    payment: await surprises(services.payment, [...everywhere, ...outbox, payments]),
    notification: await surprises(services.notification, [...everywhere, notifications]),
  }).toEqual({ order: [], payment: [], notification: [] });

  for (const init of [get, { ...get, method: "PUT" }]) {
    const refused = await fetch(`${system.order.url}/admin/outbox/redrive`, init);
    expect([refused.status, refused.headers.get("allow")]).toEqual([405, "POST"]);
  }

  expect(await strangeEvents(system, TOPICS.orderCreated)).toEqual([]);
  expect(await strangeEvents(system, TOPICS.paymentProcessed)).toEqual([]);
  for (const service of Object.values(services)) {
    const { consumes } = serviceNamed(service.name);
    const reads = Object.values(TOPICS).filter((topic) => consumes.includes(topic));
    expect([service.name, topicsReadBy(service)]).toEqual([service.name, reads]);
  }
});

import { expect, test } from "bun:test";
import type { ServiceName } from "@order-outbox/registry";
import {
  exchangeRaw,
  freePort,
  metricValue,
  parseMetrics,
  type RawAnswer,
  REPOSITORY,
  tempDir,
} from "@order-outbox/testing";
import fc from "fast-check";
import { hostileRequests } from "../hostile-requests.ts";
import { serviceProcess } from "../mod.ts";
import { fullProof } from "./support.ts";

const TOKEN = "a-token-of-sixteen-or-more";
const MEMORY = 256 * 2 ** 20;
/** What the runtime itself refuses, before there is a request: no body, and nothing of ours. */
const BARE = [400, 431, 505];
/** Connections at a time. */
const TOGETHER = 10;
const ROUNDS = fullProof ? 1_000 : 100;

/** What an answer has that no answer may have, or lacks; undefined when it is well formed. */
function faultOf({ status, headers, body }: RawAnswer): string | undefined {
  const type = headers.get("content-type")?.split(";")[0];
  if (body.includes(REPOSITORY) || /node_modules|\n +at |\.ts:\d/.test(body)) return "shows ours";
  if (status < 400) return headers.has("x-request-id") ? undefined : "no request id";
  if (type === undefined && body === "" && BARE.includes(status)) return undefined;
  if (type !== "application/problem+json") return `a ${type}`;
  const problem = JSON.parse(body);
  if (problem.status !== status || typeof problem.code !== "string") return "another status";
  if (problem.requestId !== headers.get("x-request-id")) return "another request id";
  return status === 500 ? "a failure of ours" : undefined;
}

async function startService(name: ServiceName, folder: string, env: Record<string, string> = {}) {
  const service = serviceProcess(name, {
    port: await freePort(),
    databasePath: `${folder}/${name}.db`,
    kafkaHost: "127.0.0.1:1",
    env: { LOG_LEVEL: "warn", ADMIN_TOKEN: TOKEN, ...env },
  });
  await service.start();
  return service;
}

const names: ServiceName[] = fullProof
  ? ["order-service", "payment-service", "notification-service"]
  : ["order-service"];

test.each(names)(
  "whatever %s is sent, it answers with a problem, tells nothing of itself, and goes on",
  async (name) => {
    using dir = tempDir();
    await using service = await startService(name, dir.path);
    const statuses = new Set<number>();
    const round = fc.asyncProperty(
      fc.array(hostileRequests(TOKEN), { minLength: TOGETHER, maxLength: TOGETHER }),
      async (requests) => {
        const answers = await Promise.all(
          requests.map((bytes) => exchangeRaw(service.port, bytes, { quietMs: 100 })),
        );
        for (const answer of answers.flat()) {
          statuses.add(answer.status);
          expect({ fault: faultOf(answer), ...answer }).toMatchObject({ fault: undefined });
        }
      },
    );
    await fc.assert(round, { numRuns: ROUNDS, endOnFailure: true });

    for (const status of [200, 400, 401, 404, 405, 422]) expect(statuses).toContain(status);
    expect((await fetch(`${service.url}/health`)).status).toBe(200);
    const metrics = parseMetrics(await (await fetch(`${service.url}/metrics`)).text());
    expect(metricValue(metrics, "process_resident_memory_bytes")).toBeLessThan(MEMORY);
    const log = service.process.lines.join("\n");
    expect(log).not.toContain("request failed");
    expect(log).not.toContain(TOKEN);
  },
);

test("of requests that come before the answer to the first, none is doubled when they are sent again with their keys", async () => {
  using dir = tempDir();
  await using service = await startService("order-service", dir.path);
  const body = JSON.stringify({ customerId: "customer-1", amount: 10.5 });
  const post = (key: string) =>
    `POST /api/orders HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: ${key}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const keys = ["first", "second", "third"];
  await exchangeRaw(service.port, keys.map(post).join(""), { answers: 3, quietMs: 300 });

  const again = await Promise.all(keys.map((key) => exchangeRaw(service.port, post(key))));
  expect(again.flat().map(({ status }) => status)).toEqual([201, 201, 201]);
  const listed = (await (await fetch(`${service.url}/api/orders`)).json()) as { items: object[] };
  expect(listed.items).toHaveLength(3);
});

test("a service answers to this machine's names and those in ALLOWED_HOSTS, and counts what it refuses", async () => {
  using dir = tempDir();
  const env = { ALLOWED_HOSTS: "shop.example,order-service" };
  await using service = await startService("order-service", dir.path, env);
  const hosts = ["localhost", "shop.example:443", "order-service", "evil.example", "a b"];
  const statuses = await Promise.all(
    hosts.map(async (host) => {
      const request = `GET /api/orders HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
      return (await exchangeRaw(service.port, request))[0]?.status;
    }),
  );
  expect(statuses).toEqual([200, 200, 200, 421, 400]);
  const metrics = parseMetrics(await (await fetch(`${service.url}/metrics`)).text());
  const refused = { method: "GET", route: "/api/orders" };
  for (const status of ["421", "400"]) {
    expect(metricValue(metrics, "http_requests_total", { ...refused, status })).toBe(1);
  }
});

import { afterAll, expect, test } from "bun:test";
import { createRouteFinder } from "./observe-requests.ts";
import { startSampleApp } from "./test-sample-app.ts";

const app = startSampleApp();
afterAll(() => app[Symbol.asyncDispose]());

const ID = "0198f6a2-0000-7000-8000-000000000001";

test("a request counts under its route's pattern, whatever it is answered", async () => {
  await fetch(`${app.url}/things/${ID}?`);
  await fetch(`${app.url}/things/not-an-id`);
  await fetch(`${app.url}/things/?limit=1`);
  await fetch(`${app.url}/made/up/${ID}`);
  await fetch(`${app.url}/things`, { method: "DELETE" });
  expect(app.requests.splice(0)).toEqual([
    ["GET", "/things/:id", 404],
    ["GET", "/things/:id", 422],
    ["GET", "/things", 200],
    ["GET", "none", 404],
    ["DELETE", "/things", 405],
  ]);
});

test("every answer has a request id: the client's when it is sane, else a new one", async () => {
  const idOf = async (path: string, headers: Record<string, string> = {}) =>
    (await fetch(app.url + path, { headers })).headers.get("x-request-id");
  expect(await idOf("/things", { "x-request-id": "mine-1" })).toBe("mine-1");
  expect(await idOf("/nothing", { "x-request-id": "mine-2" })).toBe("mine-2");
  expect(await idOf("/things", { "x-request-id": "two words" })).toMatch(/^[0-9a-f-]{36}$/);
  expect(await idOf("/things")).not.toBe(await idOf("/things"));
});

test("the answer to a failure and its log line have the same request id", async () => {
  const response = await fetch(`${app.url}/fails/foreign`, {
    headers: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
  });
  const problem = (await response.json()) as { requestId: string };
  const line = JSON.parse(app.logLines.at(-1) ?? "{}");
  expect(problem.requestId).toBe(response.headers.get("x-request-id") ?? "none");
  expect(line.requestId).toBe(problem.requestId);
  expect(line.traceId).toBe("0af7651916cd43dd8448eb211c80319c");
});

test("a fixed route comes before a pattern, and a last slash makes no difference", () => {
  const routeOf = createRouteFinder([{ path: "/a/:id" }, { path: "/a/all" }, { path: "/" }]);
  expect(["/a/all", "/a/all/", "/a/7", "/a/7/", "/", "/b", "//"].map(routeOf)).toEqual([
    "/a/all",
    "/a/all",
    "/a/:id",
    "/a/:id",
    "/",
    "none",
    "/",
  ]);
});

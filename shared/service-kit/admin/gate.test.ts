import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import type { HeldDesk, OutboxDesk } from "@order-outbox/operator";
import { tempDir } from "@order-outbox/testing";
import { Elysia } from "elysia";
import { problemJson } from "../http/problem-plugin.ts";
import { createAdminGate } from "./gate.ts";
import { adminRoutes } from "./routes.ts";
import { adminTokenOf } from "./token.ts";

const TOKEN = "the-right-token-of-all";
const WRONG = "Bearer a-wrong-token-of-all";

function recorder() {
  const lines: object[] = [];
  const note = (fields: object, message: string) => void lines.push({ ...fields, message });
  const logger = { debug: note, info: note, warn: note, error: note, child: () => logger };
  return { lines, logger };
}

function startGate() {
  const { lines, logger } = recorder();
  const clock = { now: 0, delays: [] as number[], release: () => {} };
  const { promise: released, resolve } = Promise.withResolvers<void>();
  clock.release = resolve;
  const gate = createAdminGate({
    token: () => TOKEN,
    logger,
    now: () => clock.now,
    wait(ms) {
      clock.delays.push(ms);
      return released;
    },
  });
  return { gate, clock, lines };
}

test("each wrong token is refused later than the one before, up to five seconds, until a minute is over", async () => {
  const { gate, clock } = startGate();
  clock.release();
  const refuse = () => expect(gate(WRONG, {})).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  for (let i = 0; i < 3; i++) await refuse();
  expect(clock.delays).toEqual([]);
  for (let i = 0; i < 10; i++) await refuse();
  expect(clock.delays).toEqual([25, 50, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
  await gate(`Bearer ${TOKEN}`, {});
  await refuse();
  clock.now += 60_001;
  for (let i = 0; i < 4; i++) await refuse();
  expect(clock.delays.slice(10)).toEqual([200, 25]);
});

test("the whole of the token is compared", async () => {
  const { gate, clock } = startGate();
  clock.release();
  const wrong = [TOKEN.slice(0, -1), `${TOKEN}!`, `${TOKEN.slice(0, -1)}!`, TOKEN.toUpperCase()];
  for (const token of wrong) {
    await expect(gate(`Bearer ${token}`, {})).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  }
  await gate(`Bearer ${TOKEN}`, {});
});

test("while refusals wait, the right token passes at once, and no more than a bound of them wait", async () => {
  const { gate, clock, lines } = startGate();
  const refused = Array.from({ length: 1_000 }, () => gate(WRONG, {}).catch(() => "refused"));
  await gate(`bearer ${TOKEN}`, {});
  expect(clock.delays).toHaveLength(256);
  clock.release();
  expect(new Set(await Promise.all(refused))).toEqual(new Set(["refused"]));
  expect(lines).toHaveLength(1_000);
});

test("a wrong token leaves one line in the log, without the token; none at all is no guess", async () => {
  const { gate, clock, lines } = startGate();
  clock.release();
  await gate(WRONG, { path: "/admin/outbox" }).catch(() => {});
  await gate(null, {}).catch(() => {});
  await gate("Basic abc", {}).catch(() => {});
  expect(lines).toEqual([
    { path: "/admin/outbox", delayMs: 0, message: "refused a wrong admin token" },
  ]);
});

test("a token in a file is read when it is used; while the file has none, nobody passes", async () => {
  using dir = tempDir();
  const path = dir.join("token");
  const token = adminTokenOf({ ADMIN_TOKEN_FILE: path });
  expect(token).toThrow("cannot be read");
  writeFileSync(path, "short\n");
  expect(token).toThrow("holds no token");
  writeFileSync(path, `${TOKEN}\n`);
  expect(token?.()).toBe(TOKEN);
  expect(adminTokenOf({})).toBeUndefined();
});

const desk = {
  list: async () => [],
  find: async () => ({ id: 1 }),
  findRequest: async () => ({ id: 1 }),
  redrive: async () => [1],
  discard: async () => 1,
} as unknown as HeldDesk & OutboxDesk;

test("nothing of a request is read before its token: not its query, its body, or its address", async () => {
  const { logger } = recorder();
  const app = new Elysia()
    .use(problemJson({ logger }))
    .use(adminRoutes({ token: () => TOKEN, logger, held: desk, outbox: desk }))
    .get("/others", () => "mine");
  const ask = async (method: string, path: string, token?: string) => {
    const response = await app.handle(
      new Request(`http://localhost${path}`, {
        method,
        ...(token && { headers: { authorization: `Bearer ${token}` } }),
        ...(method === "POST" && { body: "{ no JSON" }),
      }),
    );
    return response.status;
  };
  const ways: [string, string, number][] = [
    ["GET", "/admin/outbox?limit=0", 422],
    ["GET", "/admin/outbox/none", 422],
    ["GET", "/admin/outbox", 200],
    ["GET", "/admin/outbox/", 200],
    ["GET", "/admin/held-events/1", 200],
    ["GET", "/admin/requests/1", 200],
    ["POST", "/admin/outbox/redrive", 415],
    ["POST", "/admin/held-events/1/discard", 415],
    ["DELETE", "/admin/outbox", 405],
    ["GET", "/admin/nothing", 404],
    ["GET", "/admin", 404],
  ];
  for (const [method, path, status] of ways) {
    expect([path, await ask(method, path)]).toEqual([path, 401]);
    expect([path, await ask(method, path, TOKEN)]).toEqual([path, status]);
  }
  for (const path of ["/%61dmin/outbox", "//admin/outbox", "/ADMIN/outbox", "/admin%2Foutbox"]) {
    expect([path, [401, 404].includes(await ask("GET", path))]).toEqual([path, true]);
  }
  expect(await ask("GET", "/others")).toBe(200);
});

import { afterAll, expect, test } from "bun:test";
import { connect } from "node:net";
import { startSampleApp } from "./test-sample-app.ts";

const app = startSampleApp();
afterAll(() => app[Symbol.asyncDispose]());

const ID = "0198f6a2-0000-7000-8000-000000000001";
const JSON_TYPE = { "content-type": "application/json" };
const good = JSON.stringify({ name: "a", amount: 99.99 });

type Body = string | Uint8Array | ReadableStream;

function post(body: Body | undefined, headers: Record<string, string> = JSON_TYPE) {
  return fetch(`${app.url}/things`, { method: "POST", headers, ...(body && { body }) });
}

async function problemOf(response: Response) {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const problem = await response.json();
  expect(problem).toMatchObject({ type: "about:blank", status: response.status });
  return problem as { code: string; detail: string; errors?: { path: string; message: string }[] };
}

test("a good request passes, with a charset and with fields that nobody knows, too", async () => {
  expect((await post(good)).status).toBe(201);
  const response = await post('{"name":"a","amount":1,"extra":true}', {
    "content-type": "Application/JSON; charset=utf-8",
  });
  expect([response.status, await response.json()]).toEqual([201, { name: "a", amount: 1 }]);
});

const malformed: [string, Body, string][] = [
  ["cut off", '{"name":"a"', "Expected '}'"],
  ["not JSON at all", "name=a", "Unexpected identifier"],
  ["with something behind it", `${good} x`, "Unable to parse"],
  ["with a comment", `{/* */"name":"a"}`, "Unrecognized token"],
  ["of spaces", "   ", "Unexpected EOF"],
  ["with NaN", '{"name":"a","amount":NaN}', "Unexpected identifier"],
  ["not UTF-8", new Uint8Array([0x22, 0xc3, 0x28, 0x22]), "not valid UTF-8"],
  ["nested 15,000 deep", "[".repeat(15_000), "nested too deeply"],
  ["nested 8,000 deep and closed", "[".repeat(8_000) + "]".repeat(8_000), "nested too deeply"],
  ["that sets __proto__", '{"name":"a","amount":1,"x":{"__proto__":{}}}', '"__proto__"'],
  ["that sets __proto__ by an escape", '{"\\u005f_proto__":{}}', '"__proto__"'],
  ["that sets __proto__ far behind", `${" ".repeat(4_000)}{"__proto__":{}}`, '"__proto__"'],
];

test.each(malformed)("a body %s is a 400 that says what is wrong", async (_name, body, reason) => {
  const response = await post(body);
  const problem = await problemOf(response);
  expect([response.status, problem.code]).toEqual([400, "INPUT_MALFORMED"]);
  expect(problem.detail).toContain(reason);
});

test("no body and an empty body are told apart from a wrong one", async () => {
  expect(await problemOf(await post(undefined, {}))).toMatchObject({
    code: "INPUT_MALFORMED",
    detail: "The request has no body; expected JSON.",
  });
  expect(await problemOf(await post(undefined))).toMatchObject({
    code: "INPUT_MALFORMED",
    detail: "The body is empty; expected JSON.",
  });
});

const invalid: [string, unknown, string[]][] = [
  ["an empty object", {}, ["/name is required", "/amount is required"]],
  ["an array", [], [" must be an object"]],
  ["null", null, [" is null, must be an object"]],
  ["a text", "x", [" must be an object"]],
  [
    "a number as text",
    { name: "a", amount: "1" },
    ["/amount must be a number above 0 and of at most 1000"],
  ],
  [
    "several violations",
    { name: "", amount: -1, tags: ["x", 1, null], color: "green" },
    [
      "/name must be a string of at least 1 characters of at most 10 characters",
      "/amount must be a number above 0 and of at most 1000",
      "/tags/1 must be a string",
      "/tags/2 is null, must be a string",
      "/color must be one of red, blue",
    ],
  ],
];

test.each(invalid)("%s is a 422 that lists every violation", async (_name, body, expected) => {
  const response = await post(JSON.stringify(body));
  const { code, errors } = await problemOf(response);
  expect([response.status, code]).toEqual([422, "INPUT_INVALID"]);
  expect(errors?.map(({ path, message }) => `${path} ${message}`)).toEqual(expected);
});

test("a number beyond a double's range is not taken for infinity", async () => {
  expect((await post('{"name":"a","amount":1e400}')).status).toBe(422);
});

test.each([
  ["a form", { "content-type": "application/x-www-form-urlencoded" }],
  ["plain text", { "content-type": "text/plain" }],
  ["multipart", { "content-type": "multipart/form-data; boundary=x" }],
  ["nothing named", { "content-type": "" }],
])("%s is a 415", async (_name, headers) => {
  const response = await post(good, headers);
  expect(response.status).toBe(415);
  expect(await problemOf(response)).toMatchObject({ code: "MEDIA_TYPE_UNSUPPORTED" });
});

test("16 KiB are accepted, and one byte more is a 413 whether it was announced or not", async () => {
  const padded = (bytes: number) => good.padEnd(bytes, " ");
  const chunked = (bytes: number) => {
    const body = Buffer.from(padded(bytes));
    let sent = 0;
    return new ReadableStream({
      pull(controller) {
        controller.enqueue(body.subarray(sent, sent + 4096));
        sent += 4096;
        if (sent >= bytes) controller.close();
      },
    });
  };
  expect((await post(padded(16_384))).status).toBe(201);
  expect((await post(chunked(16_384))).status).toBe(201);
  for (const body of [padded(16_385), chunked(16_385)]) {
    const response = await post(body);
    expect([response.status, (await problemOf(response)).code]).toEqual([413, "BODY_TOO_LARGE"]);
  }
});

/** The first piece of the answer to a POST with these raw header lines, and what follows them. */
async function answerToRaw(headers: string, body: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(app.port, "127.0.0.1", () => {
    socket.write(
      "POST /things HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n" +
        `${headers}\r\n\r\n${body}`,
    );
  });
  socket.on("error", reject).once("data", (data) => resolve(data.toString()));
  const answer = await promise;
  socket.destroy();
  return answer;
}

test("a huge announced body is refused before it is sent", async () => {
  const answer = await answerToRaw("content-length: 999999999999", "{");
  expect(answer).toMatch(/^HTTP\/1.1 413 .*application\/problem\+json/s);
});

test("a short announced length is no way past the limit", async () => {
  const [length, chunked] = ["content-length: 5", "transfer-encoding: chunked"];
  for (const headers of [`${length}\r\n${chunked}`, `${chunked}\r\n${length}`]) {
    expect(await answerToRaw(headers, "5000\r\n")).toStartWith("HTTP/1.1 400 ");
  }
  const beyond = await answerToRaw(`content-length: ${good.length}`, `${good}${"x".repeat(100)}`);
  expect(beyond).toStartWith("HTTP/1.1 201 ");
});

test.each(["not-a-uuid", "123", "%ZZ", "..%2f..%2fetc"])("the id %s is a 422", async (id) => {
  const response = await fetch(`${app.url}/things/${id}`);
  expect(response.status).toBe(422);
  expect((await problemOf(response)).errors).toEqual([
    expect.objectContaining({ in: "params", path: "/id", message: "must be a UUID" }),
  ]);
});

test.each(["0", "101", "abc", "1.5", "-1", "1e1", "%ZZ"])(
  "the limit %s is a 422",
  async (limit) => {
    const response = await fetch(`${app.url}/things?limit=${limit}`);
    expect(response.status).toBe(422);
    expect((await problemOf(response)).errors).toEqual([
      { in: "query", path: "/limit", message: "must be a whole number from 1 to 100" } as never,
    ]);
  },
);

test("the limit of a list is a number, 20 when there is none", async () => {
  const queryOf = async (query: string) => (await fetch(`${app.url}/things${query}`)).json();
  expect(await queryOf("")).toEqual({ limit: 20 });
  expect(await queryOf("?limit=100&cursor=x")).toEqual({ limit: 100, cursor: "x" });
});

test("what is not there is a 404, by a handler or by the router", async () => {
  expect(await problemOf(await fetch(`${app.url}/things/${ID}`))).toMatchObject({
    code: "NOT_FOUND",
    detail: `no ${ID}`,
    instance: `/things/${ID}`,
  });
  expect(await problemOf(await fetch(`${app.url}/nothing?x=1`))).toMatchObject({
    status: 404,
    code: "NOT_FOUND",
    instance: "/nothing",
  });
});

test.each([
  ["DELETE", "/things", "GET, HEAD, POST"],
  ["OPTIONS", "/things/", "GET, HEAD, POST"],
  ["GET", `/things/${ID}/paint`, "POST"],
  ["PUT", `/things/${ID}`, "GET, HEAD"],
])("%s %s is a 405 that says what is allowed", async (method, path, allow) => {
  const response = await fetch(app.url + path, { method });
  expect([response.status, response.headers.get("allow")]).toEqual([405, allow]);
  expect((await problemOf(response)).code).toBe("METHOD_NOT_ALLOWED");
});

test("a route that takes no body is content without one", async () => {
  const response = await fetch(`${app.url}/things/${ID}/paint`, { method: "POST" });
  expect(response.status).toBe(200);
});

test.each([
  ["overloaded", 503, "OVERLOADED", "1"],
  ["full", 503, "STORAGE_FULL", "30"],
  ["stopping", 503, "SHUTTING_DOWN", "2"],
  ["unauthorized", 401, "UNAUTHORIZED", null],
] as const)("%s is a %d with its code", async (how, status, code, retryAfter) => {
  const response = await fetch(`${app.url}/fails/${how}`);
  expect([response.status, response.headers.get("retry-after")]).toEqual([status, retryAfter]);
  expect((await problemOf(response)).code).toBe(code);
});

test("an error of ours that answers with 500 shows nothing but its code", async () => {
  const response = await fetch(`${app.url}/fails/failed`);
  const text = await response.text();
  expect([response.status, JSON.parse(text).code]).toEqual([500, "STORAGE_FAILED"]);
  expect(text).not.toContain("secret");
});

test("an unforeseen error is a 500 that shows nothing and a log line that shows all", async () => {
  const response = await fetch(`${app.url}/fails/foreign`);
  const text = await response.text();
  expect([response.status, text.includes("secret")]).toEqual([500, false]);
  expect(JSON.parse(text).code).toBe("INTERNAL");
  const logged = app.logLines
    .map((line) => JSON.parse(line))
    .find(({ path }) => path === "/fails/foreign");
  expect(logged).toMatchObject({ level: "error", method: "GET" });
  expect(logged.error.message).toContain("secret");
});

test("an answer that breaks its own schema is our fault, not the client's", async () => {
  const response = await fetch(`${app.url}/wrong-answer`);
  expect([response.status, (await problemOf(response)).code]).toEqual([500, "INTERNAL"]);
});

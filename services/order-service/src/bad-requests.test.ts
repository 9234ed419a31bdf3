import { afterAll, expect, test } from "bun:test";
import { bodyOf, openTestApp } from "./test-app.ts";

const app = openTestApp();
afterAll(() => app[Symbol.dispose]());

/** What a problem must say: its code, and the places of all violations. */
interface Expected {
  status: number;
  code: string;
  paths?: string[];
}

const MALFORMED = { status: 400, code: "INPUT_MALFORMED" };
const TOO_LARGE = { status: 413, code: "BODY_TOO_LARGE" };
const UNSUPPORTED = { status: 415, code: "MEDIA_TYPE_UNSUPPORTED" };
const NOT_FOUND = { status: 404, code: "NOT_FOUND" };
const invalid = (...paths: string[]) => ({ status: 422, code: "INPUT_INVALID", paths });

const JSON_TYPE = { "content-type": "application/json" };
const post = (body: RequestInit["body"], headers: Record<string, string> = JSON_TYPE) => ({
  method: "POST",
  headers,
  body: body ?? null,
});
const withAmount = (amount: string) => post(`{"customerId": "customer-1", "amount": ${amount}}`);
const withCustomer = (customerId: string) => post(`{"customerId": ${customerId}, "amount": 1}`);
const BIG = JSON.stringify({ customerId: "x".repeat(2 ** 20), amount: 1 });

const badOrders: [what: string, init: RequestInit, expected: Expected][] = [
  ["an amount that is a text", withAmount('"99.99"'), invalid("/amount")],
  ["an amount that is null", withAmount("null"), invalid("/amount")],
  ["an amount that is true", withAmount("true"), invalid("/amount")],
  ["an amount that is a list", withAmount("[1]"), invalid("/amount")],
  ["a negative amount", withAmount("-1"), invalid("/amount")],
  ["an amount of zero", withAmount("0"), invalid("/amount")],
  ["an amount of minus zero", withAmount("-0"), invalid("/amount")],
  ["the literal NaN", withAmount("NaN"), MALFORMED],
  ["the literal Infinity", withAmount("Infinity"), MALFORMED],
  ["an amount that overflows to Infinity", withAmount("1e999"), invalid("/amount")],
  ["three decimals", withAmount("9.999"), invalid("/amount")],
  ["a thousandth", withAmount("0.001"), invalid("/amount")],
  ["an amount over a million", withAmount("1000000.01"), invalid("/amount")],
  ["a huge amount", withAmount("1e21"), invalid("/amount")],
  ["no amount", post('{"customerId": "customer-1"}'), invalid("/amount")],
  ["no customer", post('{"amount": 1}'), invalid("/customerId")],
  ["neither", post("{}"), invalid("/customerId", "/amount")],
  ["two broken rules", post('{"customerId": 7, "amount": -1}'), invalid("/customerId", "/amount")],
  ["an empty customer", withCustomer('""'), invalid("/customerId")],
  ["a blank customer", withCustomer('"   "'), invalid("/customerId")],
  ["a customer of 129 characters", withCustomer(`"${"x".repeat(129)}"`), invalid("/customerId")],
  ["a control character", withCustomer('"a\\u0000b"'), invalid("/customerId")],
  ["a line break", withCustomer('"a\\nb"'), invalid("/customerId")],
  ["a lone surrogate", withCustomer('"a\\ud800b"'), invalid("/customerId")],
  ["a customer that is a list", withCustomer("[]"), invalid("/customerId")],
  ["a list", post("[]"), invalid("")],
  ["a list of an order", post('[{"customerId": "customer-1", "amount": 1}]'), invalid("")],
  ["null", post("null"), invalid("")],
  ["a text", post('"order"'), invalid("")],
  ["a number", post("1"), invalid("")],
  ["broken JSON", post('{"customerId": '), MALFORMED],
  ["a comma too many", post('{"customerId": "customer-1", "amount": 1,}'), MALFORMED],
  ["an empty body", post(""), MALFORMED],
  ["invalid UTF-8", post(Buffer.from('{"customerId": "\xff", "amount": 1}', "latin1")), MALFORMED],
  ["a prototype", post('{"__proto__": {}, "customerId": "c", "amount": 1}'), MALFORMED],
  ["very deep JSON", post("[".repeat(8_000)), MALFORMED],
  ["plain text", post("{}", { "content-type": "text/plain" }), UNSUPPORTED],
  ["a form", post(new URLSearchParams({ customerId: "c", amount: "1" }), {}), UNSUPPORTED],
  ["gzip", post(Bun.gzipSync("{}"), { ...JSON_TYPE, "content-encoding": "gzip" }), UNSUPPORTED],
  ["no media type", post(Buffer.from('{"customerId": "c", "amount": 1}'), {}), UNSUPPORTED],
  ["no body", { method: "POST" }, MALFORMED],
  [
    "a megabyte with its length",
    post(BIG, { ...JSON_TYPE, "content-length": String(BIG.length) }),
    TOO_LARGE,
  ],
  ["a megabyte in chunks", post(new Blob([BIG]).stream()), TOO_LARGE],
];

const badQueries: [path: string, expected: Expected][] = [
  ["/api/orders?limit=0", invalid("/limit")],
  ["/api/orders?limit=101", invalid("/limit")],
  ["/api/orders?limit=-1", invalid("/limit")],
  ["/api/orders?limit=1.5", invalid("/limit")],
  ["/api/orders?limit=many", invalid("/limit")],
  ["/api/orders?limit=", invalid("/limit")],
  ["/api/orders?cursor=nonsense", invalid("/cursor")],
  [`/api/orders?cursor=${Buffer.from('{"seq":"1"}').toString("base64url")}`, invalid("/cursor")],
  [`/api/orders?cursor=${"x".repeat(513)}`, invalid("/cursor")],
  ["/api/orders?status=paid", invalid("/status")],
  ["/api/orders?customerId=%20", invalid("/customerId")],
  ["/api/orders?limit=0&status=paid", invalid("/limit", "/status")],
  [`/api/orders/${crypto.randomUUID()}`, NOT_FOUND],
  ["/api/orders/1", invalid("/orderId")],
  ["/api/orders/%F0", invalid("/orderId")],
  ["/api/order", NOT_FOUND],
  ["/api/orders?limit=1&limit=2", invalid("/limit")],
  ["/api/orders?status=PAID&status=PENDING", invalid("/status")],
  ["/api/orders?customerID=a", invalid("/customerID")],
  ["/api/orders?limit=0&limit=0&page=2", invalid("/limit", "/page")],
  ["/api/orders?=1", invalid("/")],
  ["/api/orders?a/b~c=1", invalid("/a~1b~0c")],
  [`/api/orders/${crypto.randomUUID()}?x=1`, invalid("/x")],
  ["/api/orders/1?x=1", invalid("/orderId", "/x")],
];

async function expectProblem(response: Response, expected: Expected): Promise<void> {
  const body = await bodyOf<{ code: string; errors?: { path: string }[] }>(response);
  expect([response.status, body.code]).toEqual([expected.status, expected.code]);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(body).toMatchObject({ status: expected.status, detail: expect.any(String) });
  const paths = (body.errors ?? []).map(({ path }) => path);
  expect(paths.toSorted()).toEqual((expected.paths ?? []).toSorted());
  expect(app.counts()).toEqual({ orders: 0, outbox: 0 });
  expect(app.logLines.filter((line) => line.includes("request failed"))).toEqual([]);
}

for (const [what, init, expected] of badOrders) {
  test(`an order of ${what} is refused with ${expected.status}`, async () => {
    await expectProblem(await app.request("/api/orders", init), expected);
  });
}

for (const [path, expected] of badQueries) {
  test(`GET ${path.slice(0, 60)} is answered with ${expected.status}`, async () => {
    await expectProblem(await app.request(path), expected);
  });
}

test.each(["PUT", "PATCH", "DELETE"])("%s of the orders is not allowed", async (method) => {
  const response = await app.request("/api/orders", { method });
  expect(response.headers.get("allow")).toBe("GET, HEAD, POST");
  await expectProblem(response, { status: 405, code: "METHOD_NOT_ALLOWED" });
});

test("a field that is missing is said to be so, and one that is null, too", async () => {
  const messagesOf = async (order: object) => {
    const { errors } = await bodyOf<{ errors: { path: string; message: string }[] }>(
      await app.postOrder(order),
    );
    return errors.map(({ path, message }) => `${path} ${message}`).toSorted();
  };
  const customer = "must be 1 to 128 printable characters, not blank";
  const amount = "must be a positive number up to 1000000 with at most two decimals";
  expect(await messagesOf({})).toEqual(["/amount is required", "/customerId is required"]);
  expect(await messagesOf({ customerId: null })).toEqual([
    "/amount is required",
    `/customerId is null, ${customer}`,
  ]);
  expect(await messagesOf({ customerId: 7, amount: null })).toEqual([
    `/amount is null, ${amount}`,
    `/customerId ${customer}`,
  ]);
});

test("an encoded body is answered with the codings that are taken", async () => {
  const init = post(Bun.gzipSync("{}"), { ...JSON_TYPE, "content-encoding": "gzip" });
  const response = await app.request("/api/orders", init);
  expect(response.headers.get("accept-encoding")).toBe("identity");
  expect((await bodyOf<{ detail: string }>(response)).detail).toContain('encoded as "gzip"');
});

test("names without end in a query make no answer without end", async () => {
  const names = Array.from({ length: 2_000 }, (_, i) => `n${i}`).join("&");
  const response = await app.request(`/api/orders?${names}&${"x".repeat(5_000)}`);
  const { errors } = await bodyOf<{ errors: object[] }>(response);
  expect([response.status, errors.length]).toEqual([422, 20]);
});

test("an order that is accepted leaves a line with its id, and so does its repetition", async () => {
  const key = { "idempotency-key": "a-key-for-the-log" };
  const order = { customerId: "customer-1", amount: 1 };
  const { orderId } = await bodyOf<{ orderId: string }>(await app.postOrder(order, key));
  await app.postOrder(order, key);
  const lines = app.logLines
    .filter((line) => line.includes(orderId))
    .map((line) => JSON.parse(line));
  expect(lines).toMatchObject([
    { level: "info", orderId, requestId: expect.any(String), msg: "order accepted" },
    { level: "info", orderId, msg: "order accepted before, answered again" },
  ]);
});

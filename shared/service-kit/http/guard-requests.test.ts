import { afterAll, expect, test } from "bun:test";
import { exchangeRaw } from "@order-outbox/testing";
import { createHostJudge } from "./allowed-hosts.ts";
import { guardRequests } from "./guard-requests.ts";
import { listen } from "./listen.ts";
import { startSampleApp } from "./test-sample-app.ts";

const app = startSampleApp();
afterAll(() => app[Symbol.asyncDispose]());

const MALFORMED = [400, "INPUT_MALFORMED"] as const;
const FOREIGN = [421, "HOST_NOT_ALLOWED"] as const;
const FAILED = [500, "INTERNAL"] as const;

async function ask(requestLine: string, hostLine = "Host: localhost\r\n") {
  const [answer] = await exchangeRaw(app.port, `${requestLine}\r\n${hostLine}\r\n`);
  if (answer === undefined) throw new Error(`no answer to ${requestLine}`);
  return answer;
}

test.each([
  ["a Host with a space", "GET /fails/foreign HTTP/1.1", "Host: a b\r\n", MALFORMED],
  ["a Host with a path", "GET /fails/foreign HTTP/1.1", "Host: a/b\r\n", MALFORMED],
  ["a Host with a user", "GET /fails/foreign HTTP/1.1", "Host: a@localhost\r\n", MALFORMED],
  ["half an address", "GET /fails/foreign HTTP/1.1", "Host: [\r\n", MALFORMED],
  ["no address in brackets", "GET /things HTTP/1.1", "Host: [::g]\r\n", MALFORMED],
  ["an empty Host", "GET /things HTTP/1.1", "Host:\r\n", MALFORMED],
  ["two Hosts", "GET /things HTTP/1.1", "Host: localhost\r\nHost: evil\r\n", MALFORMED],
  ["no Host in HTTP/1.0", "GET /things HTTP/1.0", "", MALFORMED],
  ["bytes beyond ASCII", "GET /things HTTP/1.1", "Host: \xe9\r\n", MALFORMED],
  ["CONNECT to a place", "CONNECT evil:443 HTTP/1.1", "Host: localhost\r\n", MALFORMED],
  ["CONNECT to a path", "CONNECT /fails/foreign HTTP/1.1", "Host: localhost\r\n", MALFORMED],
  ["a foreign Host", "GET /things HTTP/1.1", "Host: evil.example\r\n", FOREIGN],
  ["a name that begins like ours", "GET / HTTP/1.1", "Host: localhost.evil.example\r\n", FOREIGN],
  ["a name that is an address elsewhere", "GET / HTTP/1.1", "Host: 127.0.0.1.nip.io\r\n", FOREIGN],
  ["a failing route", "GET /fails/foreign HTTP/1.1", "Host: localhost:1\r\n", FAILED],
  ["a port that is none", "GET /fails/foreign HTTP/1.1", "Host: localhost:99999\r\n", FAILED],
  ["an absolute target", "GET http://a/fails/foreign HTTP/1.1", "Host: 127.0.0.1\r\n", FAILED],
  ["TRACE", "TRACE /things HTTP/1.1", "Host: [::1]:80\r\n", [405, "METHOD_NOT_ALLOWED"]],
  ["a target with two slashes", "GET //things HTTP/1.1", "Host: localhost\r\n", [404, "NOT_FOUND"]],
] as const)(
  "%s is answered with a problem, named and counted",
  async (_name, line, host, expected) => {
    app.requests.splice(0);
    const answer = await ask(line, host);
    const problem = JSON.parse(answer.body);
    expect([answer.status, problem.code]).toEqual([...expected]);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(problem.requestId).toBe(answer.headers.get("x-request-id"));
    expect(answer.body).not.toMatch(/service-kit|\.ts\b|\n +at /);
    expect(app.requests.map(([, , status]) => status)).toEqual([answer.status]);
  },
);

test("a client's request id is kept in a refusal", async () => {
  const answer = await ask("GET / HTTP/1.1", "Host: a b\r\nX-Request-Id: mine-1\r\n");
  expect(answer.headers.get("x-request-id")).toBe("mine-1");
});

test("on loopback a request has to name this machine; elsewhere, or listed, it may name more", () => {
  const names = [
    "localhost:3001",
    "LOCALHOST",
    "127.0.0.1",
    "[::1]:80",
    "10.0.0.7",
    "shop.example",
  ];
  const fine = (listenHost: string, allowed?: string[]) => {
    const judge = createHostJudge(listenHost, allowed);
    return names.filter((name) => judge(name) === "fine" && judge(name) === "fine");
  };
  const ours = names.slice(0, 5);
  expect(["127.0.0.1", "::1", "localhost"].map((host) => fine(host))).toEqual([ours, ours, ours]);
  expect(fine("0.0.0.0")).toEqual(names);
  expect(fine("0.0.0.0", ["other.example"])).toEqual(ours);
  expect(fine("127.0.0.1", ["Shop.example"])).toEqual(names);
});

test("a page of another site cannot write: what it may send is refused, and nothing allows it more", async () => {
  const origin = { origin: "https://evil.example" };
  const body = JSON.stringify({ name: "a", amount: 1 });
  const types = [
    "text/plain",
    "text/plain; application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "",
  ];
  for (const type of types) {
    const headers = { ...origin, "content-type": type };
    const response = await fetch(`${app.url}/things`, { method: "POST", headers, body });
    expect([type, response.status]).toEqual([type, 415]);
  }
  for (const method of ["OPTIONS", "GET"]) {
    const asked = { "access-control-request-method": "POST" };
    const response = await fetch(`${app.url}/things`, { method, headers: { ...origin, ...asked } });
    const allowing = [...response.headers.keys()].filter((name) => name.startsWith("access-"));
    expect([method, response.status, allowing]).toEqual([method, method === "GET" ? 200 : 405, []]);
  }
});

test("whatever an app throws, the answer shows nothing of it, and the log all", async () => {
  const logged: unknown[] = [];
  const note = (fields: object) => void logged.push(fields);
  const logger = { debug: note, info: note, warn: note, error: note, child: () => logger };
  const broken = {
    routes: [],
    fetch({ url }: Request): Promise<Response> {
      if (url.endsWith("/now")) throw new Error("secret of now");
      return Promise.reject(new Error("secret of later"));
    },
  };
  const judgeHost = createHostJudge("127.0.0.1");
  const listener = listen(guardRequests(broken, { judgeHost, logger }), {
    host: "127.0.0.1",
    port: 0,
  });
  const bare = listen(broken, { host: "127.0.0.1", port: 0, onError: note });
  for (const url of [listener.url, bare.url]) {
    for (const path of ["/now", "/later"]) {
      const response = await fetch(url + path);
      const text = await response.text();
      expect([response.status, JSON.parse(text).code]).toEqual([...FAILED]);
      expect(text).not.toMatch(/secret|service-kit|\n +at /);
    }
  }
  expect(logged).toHaveLength(4);
  await Promise.all([listener.stop(), bare.stop()]);
});

import fc from "fast-check";

/** Things that go where requests name something. */
const ID = "0198f6a2-0000-7000-8000-000000000001";
const VISIBLE_TEXT = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.constantFrom("", "..", "%00", "%ZZ", "%2e%2e%2f", "{}", "__proto__", "\xff\x9b2J"),
);
// fast-check's own `unit: "binary"` is the same, and takes half a second to be made.
const ANY_CHARACTER = fc
  .nat(0x10ffff - 0x800)
  .map((n) => String.fromCodePoint(n < 0xd800 ? n : n + 0x800));
const EVIL_TEXT = fc.oneof(
  { weight: 8, arbitrary: VISIBLE_TEXT },
  { weight: 2, arbitrary: fc.string({ unit: ANY_CHARACTER, maxLength: 40 }) },
  { weight: 1, arbitrary: fc.constantFrom(" ", "\0", "\r\n", "\x1b[2J", "\t") },
  { weight: 1, arbitrary: fc.nat(20_000).map((length) => "a".repeat(length)) },
);
const SANE_TEXT = fc.constantFrom(ID, "1", "redrive", "x", "99999999999999999999");

const MOSTLY = fc.nat(9).map((number) => number > 0);

const METHOD = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom("GET", "POST") },
  {
    weight: 2,
    arbitrary: fc.constantFrom("PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH"),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom("get", "PROPFIND", "M-SEARCH", "FOO", "", "\x16\x03\x01"),
  },
);

const PLACES = [
  ...["/", "/health", "/ready", "/metrics", "/openapi", "/openapi/json", "/api/orders", "/nothing"],
  ...[
    "/api/orders/*",
    "/admin/outbox",
    "/admin/outbox/*",
    "/admin/held-events/*",
    "/admin/*/redrive",
  ],
  ...["/admin/outbox/*/discard", "/admin/requests/*", "http://a/health", "//", "*", "a", "?", "#"],
];
const QUERY = fc.array(
  fc.tuple(
    fc.oneof(fc.constantFrom("limit", "cursor", "status", "customerId", "key"), EVIL_TEXT),
    fc.oneof(fc.constantFrom("1", "0", "PAID", "a"), EVIL_TEXT),
  ),
  { maxLength: 4 },
);
const TARGET = fc
  .tuple(fc.constantFrom(...PLACES), fc.oneof(SANE_TEXT, EVIL_TEXT), QUERY, MOSTLY)
  .map(([place, text, query, encoded]) => {
    const write = encoded ? encodeWell : String;
    const pairs = query.map(([name, value]) => `${write(name)}=${write(value)}`).join("&");
    return place.replace("*", () => write(text)) + (pairs === "" ? "" : `?${pairs}`);
  });

const HEADER = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(["accept", "text/html"], ["cookie", "a=b"]) },
  fc.tuple(
    fc.constantFrom(
      ...["content-type", "content-encoding", "accept", "traceparent", "x-request-id", "expect"],
      ...["idempotency-key", "origin", "connection", "upgrade", "range", "cookie", "forwarded"],
    ),
    fc.oneof(
      fc.constantFrom(
        "application/json",
        "text/html",
        "gzip",
        "100-continue",
        "close",
        "websocket",
      ),
      VISIBLE_TEXT,
    ),
  ),
  fc.tuple(VISIBLE_TEXT, EVIL_TEXT),
  fc.constantFrom(
    ...[
      ["transfer-encoding", "chunked"],
      ["content-length", "-1"],
      ["content-length", "99999999999"],
    ],
    ...[
      ["content-length", "1e3"],
      ["transfer-encoding", "gzip, chunked"],
      ["host", "evil.example"],
    ],
  ),
);
const HOST = fc.oneof(
  { weight: 20, arbitrary: fc.constant("Host: localhost\r\n") },
  { weight: 1, arbitrary: fc.constantFrom("", "Host: a b\r\n", "Host: [\r\n", "Host:\r\n") },
  { weight: 1, arbitrary: EVIL_TEXT.map((text) => `Host: ${text}\r\n`) },
);

const BODY = fc.oneof(
  fc.json({ maxDepth: 4 }),
  fc.constantFrom("", "{}", `{"customerId":"c","amount":1}`, `{"reason":"x"}`, `{"id":1}`, "null"),
  fc.constantFrom("[".repeat(16_000), `"${"x".repeat(17_000)}"`, `{"__proto__":1}`, "5\r\n{}"),
  EVIL_TEXT,
);

/** Of every ten requests most are read to their end, so that routes see odd things, too. */
const VERSION = fc.oneof(
  { weight: 20, arbitrary: fc.constant("HTTP/1.1") },
  { weight: 1, arbitrary: fc.constantFrom("HTTP/1.0", "HTTP/2.0", "HTTP/1.2", "FTP/1.1", "") },
);

/**
 * Requests of every kind of wrong: bytes for a connection of their own. `token` is sent with about
 * half of them, so that the routes behind it get their share.
 */
export function hostileRequests(token: string): fc.Arbitrary<Buffer> {
  const authorization = fc.constantFrom("", `authorization: Bearer ${token}\r\n`);
  return fc
    .record({
      method: METHOD,
      target: TARGET,
      version: VERSION,
      host: HOST,
      authorization,
      headers: fc.array(HEADER, { maxLength: 4 }),
      json: MOSTLY,
      body: BODY,
      length: fc.constantFrom("true", "true", "true", "none", "short"),
    })
    .map(({ method, target, version, host, authorization, headers, json, body, length }) => {
      const bytes = Buffer.from(body);
      const announced = length === "short" ? Math.floor(bytes.length / 2) : bytes.length;
      const lines = [
        ...headers.map(([name, value]) => `${name}: ${value}\r\n`),
        json ? "content-type: application/json\r\n" : "",
        length === "none" ? "" : `content-length: ${announced}\r\n`,
      ].join("");
      const head = `${method} ${target} ${version}\r\n${host}${authorization}${lines}\r\n`;
      return Buffer.concat([Buffer.from(head, "latin1"), bytes]);
    });
}

function encodeWell(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

import { expect, test } from "bun:test";
import { requestIdOf } from "./request-id.ts";

const idOf = (given: string) =>
  requestIdOf(new Request("http://localhost/", { headers: { "x-request-id": given } }));

test.each(["a", "0198f6a2-0000-7000-8000-000000000001", "Root=1-67891233:a/b+c", "x".repeat(128)])(
  "the request id %s is taken over",
  (given) => {
    expect(idOf(given)).toBe(given);
  },
);

test.each(["", "a b", 'x"y', "a\tb", "x".repeat(129), "<script>", "é", "a;b", "a,b"])(
  "the request id %p is replaced",
  (given) => {
    expect(idOf(given)).toMatch(/^[0-9a-f-]{36}$/);
  },
);

test("an id that is made stays the same for its request, and is another for the next", () => {
  const request = new Request("http://localhost/");
  expect(requestIdOf(request)).toBe(requestIdOf(request));
  expect(requestIdOf(request)).not.toBe(requestIdOf(new Request("http://localhost/")));
});

import { expect, test } from "bun:test";
import { chooseRequestId } from "./request-id.ts";

test.each(["a", "0198f6a2-0000-7000-8000-000000000001", "Root=1-67891233:a/b+c", "x".repeat(128)])(
  "the request id %s is taken over",
  (given) => {
    expect(chooseRequestId(given)).toBe(given);
  },
);

test.each([null, "", "a b", 'x"y', "a\tb", "a\nb", "x".repeat(129), "<script>", "é", "a;b", "a,b"])(
  "the request id %p is replaced",
  (given) => {
    expect(chooseRequestId(given)).toMatch(/^[0-9a-f-]{36}$/);
    expect(chooseRequestId(given)).not.toBe(chooseRequestId(given));
  },
);

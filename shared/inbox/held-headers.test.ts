import { expect, test } from "bun:test";
import { EVENTS } from "@order-outbox/contracts";
import { decodeEvent, encodeEvent } from "@order-outbox/events";
import { keptHeaders, type TextHeaders } from "./held-headers.ts";
import { orderCreated } from "./test-inbox.ts";

const { key, value, headers } = encodeEvent(EVENTS, { ...orderCreated(), sequence: 7 });
const bytes = { key: Buffer.from(key), value: Buffer.from(value) };
const decode = (kept: TextHeaders) => decodeEvent(EVENTS, { ...bytes, headers: kept });

test("the headers of an event are kept as they are, whatever else a stranger added", () => {
  const longest = { ...headers, ce_source: `/${"s".repeat(254)}`, ce_id: "i".repeat(128) };
  const others = Object.fromEntries(
    Array.from({ length: 1_000 }, (_, n) => [`a-${n}`, "x".repeat(10_000)]),
  );
  const kept = keptHeaders({ ...others, ...longest });
  expect(kept).toMatchObject(longest);
  expect(decode(kept)).toEqual(decode(longest));
  expect(JSON.stringify(kept).length).toBeLessThan(5_000);
});

test.each(Object.keys(headers))(
  "a %s that was too long to be read stays unreadable when it is cut",
  (name) => {
    for (const spoilt of ["7".repeat(256), "7".repeat(800_000), ["1.0", "1.0", "1.0"]]) {
      const kept = keptHeaders({ ...headers, [name]: spoilt });
      expect(JSON.stringify(kept).length).toBeLessThan(1_000);
      expect(() => decode(kept)).toThrow(expect.objectContaining({ code: "EVENT_MALFORMED" }));
    }
  },
);

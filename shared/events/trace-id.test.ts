import { expect, test } from "bun:test";
import { traceIdOf } from "./mod.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = `00-${TRACE}-b7ad6b7169203331-01`;

test("the trace id of a traceparent is read from text and from a record's bytes", () => {
  expect([traceIdOf(PARENT), traceIdOf(Buffer.from(PARENT))]).toEqual([TRACE, TRACE]);
});

test.each([undefined, null, "", "00", `00-${TRACE}`, PARENT.toUpperCase(), ` ${PARENT}`])(
  "%p has no trace id",
  (given) => {
    expect(traceIdOf(given)).toBeUndefined();
  },
);

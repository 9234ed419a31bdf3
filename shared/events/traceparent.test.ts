import { expect, test } from "bun:test";
import { readTraceparent } from "./traceparent.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";

test("a trace context is passed on as it is", () => {
  for (const flags of ["00", "01", "03"]) {
    expect(readTraceparent(`00-${TRACE}-${SPAN}-${flags}`)).toBe(`00-${TRACE}-${SPAN}-${flags}`);
  }
});

test("of a later version the known fields are taken", () => {
  expect(readTraceparent(`01-${TRACE}-${SPAN}-0b-more`)).toBe(`00-${TRACE}-${SPAN}-01`);
  expect(readTraceparent(`cc-${TRACE}-${SPAN}-08`)).toBe(`00-${TRACE}-${SPAN}-00`);
});

test("what is no trace context is none", () => {
  const others = [
    undefined,
    null,
    "",
    "x",
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${"0".repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `00-${TRACE}-${SPAN}-1`,
    `00-${TRACE}-${SPAN}`,
    `01-${TRACE}-${SPAN}-01more`,
  ];
  expect(others.map(readTraceparent)).toEqual(others.map(() => undefined));
});

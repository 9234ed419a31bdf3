import { expect, test } from "bun:test";
import { printable } from "./mod.ts";

test("what a terminal would obey is written out: C0, DEL, C1, and marks of direction", () => {
  expect(printable("a\x1b[2J\r\n\t\x00\x7f\u0085\u009bé")).toBe(
    "a\\u001b[2J\\r\\n\\t\\u0000\\u007f\\u0085\\u009bé",
  );
  expect(printable("\u202euser\u202c \u2066x\u2069 \u200f\u061c\u2028")).toBe(
    "\\u202euser\\u202c \\u2066x\\u2069 \\u200f\\u061c\\u2028",
  );
  expect(printable("Zoë 👩‍🚀 客户 \\n")).toBe("Zoë 👩‍🚀 客户 \\n");
});

test("a text of ours keeps its lines, one of a program of ours its colours, and nothing else", () => {
  expect(printable("a\n\tb\r\x1b[31m", "lines")).toBe("a\n\tb\\r\\u001b[31m");
  expect(printable("\x1b[31ma\x1b[0m\x1b[2J\x1b]0;t\x07\n", "color")).toBe(
    "\x1b[31ma\x1b[0m\\u001b[2J\\u001b]0;t\\u0007\\n",
  );
});

test("JSON stays the same value", () => {
  const value = { id: "\u009b2J\u202e\x7f", list: ["a\nb"] };
  expect(JSON.parse(printable(JSON.stringify(value, null, 2), "lines"))).toEqual(value);
});

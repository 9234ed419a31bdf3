import { expect, test } from "bun:test";
import { tellUnknownTypes } from "./unknown-types.ts";

test("of any number of invented types some are named, each once, and one line tells of the rest", () => {
  const lines: string[] = [];
  const note = (fields: object, message: string) => {
    lines.push(JSON.stringify(fields) + message);
  };
  const tell = tellUnknownTypes({ debug: note, info: note, warn: note, error: note });
  for (let round = 0; round < 2; round++) {
    for (let n = 0; n < 10_000; n++) tell(`TYPE_${n}`);
  }
  expect(lines).toHaveLength(51);
  expect(new Set(lines).size).toBe(51);
  expect(lines.at(-1)).toContain("further unknown types");
});

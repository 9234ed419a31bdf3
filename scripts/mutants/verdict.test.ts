import { expect, test } from "bun:test";
import { readJunit } from "./junit.ts";
import { judgeRun } from "./verdict.ts";

const report = (cases: string) =>
  readJunit(`<testsuites><testsuite>${cases}</testsuite></testsuites>`);
const failed = (name: string, type: string, message: string) =>
  `<testcase name="${name}" line="2"><failure type="${type}" message="${message}">${message}</failure></testcase>`;
const judge = (cases: string) => judgeRun("it holds", report(cases));

test("a mutant is noticed when the named test fails by an expectation or by what the product throws", () => {
  expect(judge(failed("it holds", "AssertionError", "expect(a)&#10;&lt;1&gt;"))).toEqual({
    kind: "noticed",
    how: "expect(a)",
  });
  expect(judge(failed("it holds", "Error", "waited 20 ms in vain for it")).kind).toBe("noticed");
});

test("a program that does not start, and a test that hangs, notice nothing", () => {
  for (const [type, message] of [
    ["TimeoutError", "test timed out"],
    ["ReferenceError", "x is not defined"],
    ["Error", "Cannot find module './x.ts'"],
    ["SyntaxError", "Export named 'x' not found"],
  ] as const) {
    expect(judge(failed("it holds", type, message))).toMatchObject({ kind: "survived" });
  }
  expect(judgeRun("it holds", undefined)).toMatchObject({ kind: "survived" });
  expect(judge("")).toEqual({ kind: "survived", why: "its test did not run" });
});

test("another test's failure does not count, and neither does a test that is left out", () => {
  const other = failed("something else", "AssertionError", "expect(b)");
  expect(judge(`${other}<testcase name="it holds" />`)).toMatchObject({ why: "its test passed" });
  expect(judge(`${other}<testcase name="it holds"><skipped /></testcase>`)).toEqual({
    kind: "untried",
  });
});

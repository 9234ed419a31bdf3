import { expect, test } from "bun:test";
import { tempDir } from "@order-outbox/testing";
import { findTest, namePattern } from "./declared-test.ts";

const SOURCE = `
import { fullProof } from "./support.ts";
const proof = process.env.PROOF === "full" ? test.concurrent : test.skip;

test("plain", () => {});
test.concurrent.each([
  [1, fullProof ? 2 : 3],
])("each %#", () => {});
test.if(fullProof)(
  "long",
  async () => {},
);
for (const step of fullProof ? ["a", "b"] : ["a"]) {
  test(\`step \${step}\`, () => {
    if (fullProof) return;
  });
  proof(\`long step \${step}\`, () => {});
}
describe.if(process.env.PROOF === "full")("a long part", () => {
  const around = () => {};

  test("inside", () => {});
});
const LONG = process.env.PROOF === "full";
const RUNS = process.env.PROOF === "full" ? 300 : 20;
test.if(LONG)("by another name", () => {});
test("runs", () => expect(RUNS).toBe(20));
test("after", () => expect("a text").toBe("no test"));
test.skip("left out", () => {});
`;

test("a test is found by its name, and how long a proof it belongs to by its call and its blocks", async () => {
  using folder = tempDir();
  await Bun.write(folder.join("a.test.ts"), SOURCE);
  const needs = (name: string) => findTest(folder.path, "a.test.ts", name)?.needsFullProof;
  expect({
    plain: needs("plain"),
    each: needs("each %#"),
    long: needs("long"),
    step: needs("step …"),
    longStep: needs("long step …"),
    inside: needs("inside"),
    otherName: needs("by another name"),
    runs: needs("runs"),
    after: needs("after"),
    leftOut: needs("left out"),
    missing: needs("missing"),
    elsewhere: findTest(folder.path, "b.test.ts", "plain")?.needsFullProof,
  }).toEqual({
    plain: false,
    each: false,
    long: true,
    step: false,
    longStep: true,
    inside: true,
    otherName: true,
    runs: false,
    after: false,
    leftOut: undefined,
    missing: undefined,
    elsewhere: undefined,
  });
});

test("a name's pattern fits what templates make of it, and no longer name", () => {
  const fits = (name: string, made: string) => new RegExp(namePattern(name)).test(made);
  expect(fits('dies after "…" (%#)', 'a part > dies after "sent" (3)')).toBe(true);
  expect(fits("what is it?", "what is it")).toBe(false);
  expect(fits("one", "one more")).toBe(false);
});

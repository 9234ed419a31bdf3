import { expect, test } from "bun:test";
import { chooseProtocol, isCompatible, sameProtocols } from "./protocols.ts";
import { protocol } from "./test-groups.ts";

const voter = (...names: string[]) => ({ protocols: names.map((name) => protocol(name)) });

test("the protocol with most votes wins among those that every member supports", () => {
  const voters = [voter("range", "sticky"), voter("sticky", "range"), voter("sticky", "range")];
  expect(chooseProtocol(voters)).toBe("sticky");
  expect(chooseProtocol([...voters, voter("range")])).toBe("range");
});

test("a tie goes to the protocol that was voted for first", () => {
  expect(chooseProtocol([voter("range", "sticky"), voter("sticky", "range")])).toBe("range");
});

test("a group without members has no protocol", () => {
  expect(chooseProtocol([])).toBeNull();
});

test("protocols are compatible if one of them is common to all, not only to each pair", () => {
  const others = [voter("range", "sticky"), voter("sticky", "cooperative")];
  expect(isCompatible([protocol("sticky")], others)).toBe(true);
  expect(isCompatible([protocol("range"), protocol("cooperative")], others)).toBe(false);
});

test("names, their order and the bytes of the metadata tell protocols apart", () => {
  const said = [protocol("range", "a"), protocol("sticky", "b")];
  expect(sameProtocols(said, [protocol("range", "a"), protocol("sticky", "b")])).toBe(true);
  expect(sameProtocols(said, [protocol("sticky", "b"), protocol("range", "a")])).toBe(false);
  expect(sameProtocols(said, [protocol("range", "a"), protocol("sticky", "c")])).toBe(false);
  expect(sameProtocols(said, [protocol("range", "a")])).toBe(false);
});

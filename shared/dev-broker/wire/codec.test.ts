import { expect, test } from "bun:test";
import { APIS } from "../apis/registry.ts";
import {
  array,
  boolean,
  bytes,
  type Codec,
  int8,
  int16,
  int32,
  int64,
  nullableArray,
  nullableBytes,
  nullableString,
  since,
  string,
  struct,
  versions,
} from "./codec.ts";
import { FrameReader, MalformedFrame } from "./reader.ts";
import { FrameWriter } from "./writer.ts";

function encode<T>(codec: Codec<T>, value: T, version: number, flexible: boolean): Buffer {
  const writer = new FrameWriter(version, flexible);
  codec.write(writer, value);
  return writer.frame().subarray(4);
}

const everything = struct({
  tiny: int8,
  small: int16,
  medium: int32,
  large: int64,
  yes: boolean,
  text: string,
  noText: nullableString,
  blob: bytes,
  noBlob: nullableBytes,
  list: array(struct({ name: string, numbers: array(int32) })),
  noList: nullableArray(int32),
  old: versions(0, 1, int32, -7),
  recent: since(2, string, "absent"),
});

const value = {
  tiny: -1,
  small: -300,
  medium: 70_000,
  large: -1_234_567_890_123,
  yes: true,
  text: "żółw",
  noText: null,
  blob: Buffer.alloc(10_000, 7),
  noBlob: null,
  list: [
    { name: "", numbers: [1, 2] },
    { name: "b".repeat(300), numbers: [] },
  ],
  noList: null,
  old: 5,
  recent: "here",
};

test("a message reads as it was written, in the classic and in the flexible form", () => {
  for (const flexible of [false, true]) {
    const old = new FrameReader(encode(everything, value, 1, flexible), 1, flexible);
    expect(everything.read(old)).toEqual({ ...value, recent: "absent" });
    expect(old.remaining).toBe(0);

    const recent = new FrameReader(encode(everything, value, 2, flexible), 2, flexible);
    expect(everything.read(recent)).toEqual({ ...value, old: -7 });
    expect(recent.remaining).toBe(0);
  }
});

test("the forms look as the protocol defines them", () => {
  const pair = struct({ name: string, list: nullableArray(int8) });
  expect(encode(pair, { name: "ab", list: null }, 0, false).toString("hex")).toBe(
    "00026162ffffffff",
  );
  expect(encode(pair, { name: "ab", list: [3] }, 0, true).toString("hex")).toBe("036162020300");
  const long = "x".repeat(200);
  expect(encode(string, long, 0, true).subarray(0, 2).toString("hex")).toBe("c901");
});

test("a message that ends early is malformed, wherever it ends", () => {
  for (const flexible of [false, true]) {
    const whole = encode(everything, { ...value, blob: Buffer.alloc(20) }, 2, flexible);
    for (let length = 0; length < whole.length; length++) {
      const reader = new FrameReader(whole.subarray(0, length), 2, flexible);
      expect(() => everything.read(reader)).toThrow(MalformedFrame);
    }
  }
});

test("a length that promises more than the frame holds is malformed and allocates nothing", () => {
  const huge = Buffer.from("7fffffff00000000", "hex");
  expect(() => array(int8).read(new FrameReader(huge))).toThrow("array of 2147483647");
  expect(() => bytes.read(new FrameReader(huge))).toThrow("length of 2147483647");
  const negative = Buffer.from("fffffff000000000", "hex");
  expect(() => array(int8).read(new FrameReader(negative))).toThrow(MalformedFrame);
  expect(() => bytes.read(new FrameReader(negative))).toThrow(MalformedFrame);
  const many = Buffer.alloc(300_004);
  many.writeInt32BE(300_000);
  expect(() => array(int8).read(new FrameReader(many))).toThrow("too many elements");
});

test("null where a value is required is malformed", () => {
  expect(() => string.read(new FrameReader(Buffer.from("ffff", "hex")))).toThrow(MalformedFrame);
  expect(() => string.read(new FrameReader(Buffer.from([0]), 0, true))).toThrow(MalformedFrame);
});

test("unknown tagged fields are skipped", () => {
  const tagged = Buffer.from([9, 2, 1, 3, 0xaa, 0xbb, 0xcc, 5, 0]);
  const reader = new FrameReader(tagged, 0, true);
  expect(struct({ tiny: int8 }).read(reader)).toEqual({ tiny: 9 });
  expect(reader.remaining).toBe(0);
});

test("random bytes read as a request or are malformed, and never anything else", () => {
  let seed = 42;
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed / 2 ** 31;
  };
  for (const api of APIS) {
    for (let round = 0; round < 200; round++) {
      const garbage = Uint8Array.from({ length: 200 }, () =>
        random() < 0.5 ? 0 : Math.floor(random() * 256),
      );
      const version = api.minVersion + Math.floor(random() * (api.maxVersion - api.minVersion + 1));
      const flexible = version >= (api.firstFlexible ?? Number.POSITIVE_INFINITY);
      try {
        api.request.read(new FrameReader(Buffer.from(garbage), version, flexible));
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedFrame);
      }
    }
  }
});

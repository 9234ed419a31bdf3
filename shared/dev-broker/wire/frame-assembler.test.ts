import { expect, test } from "bun:test";
import { FrameAssembler } from "./frame-assembler.ts";
import { MalformedFrame } from "./reader.ts";

function frameOf(body: Buffer): Buffer {
  const frame = Buffer.concat([Buffer.alloc(4), body]);
  frame.writeInt32BE(body.length);
  return frame;
}

const bodies = [10, 300, 11, 70_000, 200_000, 12].map((size, index) => Buffer.alloc(size, index));
const stream = Buffer.concat(bodies.map(frameOf));

test("frames come out whole, however the stream was cut", () => {
  for (const size of [1, 3, 7, 1_000, 65_536, stream.length]) {
    const assembler = new FrameAssembler(1_000_000);
    const frames: Buffer[] = [];
    for (let at = 0; at < stream.length; at += size) {
      frames.push(...assembler.push(Buffer.from(stream.subarray(at, at + size))));
    }
    expect(frames.map((frame) => frame.equals(bodies[frames.indexOf(frame)] as Buffer))).toEqual(
      bodies.map(() => true),
    );
  }
});

test("a length that no request can have is malformed as soon as it is read", () => {
  for (const length of [-1, 0, 9, 1_001, 0x7fff_ffff]) {
    const header = Buffer.alloc(4);
    header.writeInt32BE(length);
    expect(() => new FrameAssembler(1_000).push(header)).toThrow(MalformedFrame);
  }
  const http = Buffer.from("GET / HTTP/1.1\r\n");
  expect(() => new FrameAssembler(100 * 1024 * 1024).push(http)).toThrow(MalformedFrame);
});

test("memory follows the bytes that came, not the length that was promised", () => {
  const header = Buffer.alloc(4);
  header.writeInt32BE(100 * 1024 * 1024);
  const before = process.memoryUsage().arrayBuffers;
  const assemblers = Array.from({ length: 50 }, () => {
    const assembler = new FrameAssembler(100 * 1024 * 1024);
    expect(assembler.push(header)).toEqual([]);
    return assembler;
  });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10 * 1024 * 1024);
  expect(assemblers.length).toBe(50);
});

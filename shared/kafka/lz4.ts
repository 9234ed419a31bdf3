import { UnpackedBytes } from "./unpacked-bytes.ts";

const FRAME_MAGIC = 0x184d2204;
/** Bits of a frame's descriptor. */
const FLAGS = { dictionary: 1, contentChecksum: 4, contentSize: 8, blockChecksum: 16 } as const;
const STORED = 0x8000_0000;
const MIN_MATCH = 4;

/**
 * Unpacks the LZ4 frames that Kafka's producers write
 * (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md). Checksums are passed over: the
 * batch's own has been looked at.
 *
 * @throws when it is none, and with the code `BATCH_TOO_LARGE` beyond `maxBytes`
 */
export function unpackLz4(bytes: Buffer, maxBytes: number): Buffer {
  const output = new UnpackedBytes(4 * bytes.length, maxBytes);
  let at = 0;
  do at = unpackFrame(bytes, at, output);
  while (at < bytes.length);
  return output.toBuffer();
}

/** @returns where the frame ends */
function unpackFrame(bytes: Buffer, start: number, output: UnpackedBytes): number {
  if (uint32(bytes, start) !== FRAME_MAGIC) throw new Error("it is no LZ4 frame");
  const flags = byteAt(bytes, start + 4);
  if (flags & FLAGS.dictionary) throw new Error("it needs a dictionary");
  let at = start + 7 + (flags & FLAGS.contentSize ? 8 : 0);
  for (;;) {
    const size = uint32(bytes, at);
    at += 4;
    if (size === 0) return at + (flags & FLAGS.contentChecksum ? 4 : 0);
    const end = at + (size % STORED);
    if (end > bytes.length) throw new Error("it ends too early");
    if (size >= STORED) output.append(bytes, at, end);
    else unpackBlock(bytes.subarray(at, end), output);
    at = end + (flags & FLAGS.blockChecksum ? 4 : 0);
  }
}

/** Sequences of literals and of a match in what was written before; the last has literals only. */
function unpackBlock(block: Buffer, output: UnpackedBytes): void {
  let at = 0;
  const readLength = (nibble: number): number => {
    let length = nibble;
    for (let more = nibble === 15; more; ) {
      const byte = byteAt(block, at++);
      length += byte;
      more = byte === 255;
    }
    return length;
  };
  while (at < block.length) {
    const token = byteAt(block, at++);
    const literals = readLength(token >> 4);
    output.append(block, at, at + literals);
    at += literals;
    if (at === block.length) return;
    const distance = byteAt(block, at) | (byteAt(block, at + 1) << 8);
    at += 2;
    output.repeat(distance, readLength(token & 15) + MIN_MATCH);
  }
}

function uint32(bytes: Buffer, at: number): number {
  if (at + 4 > bytes.length) throw new Error("it ends too early");
  return bytes.readUInt32LE(at);
}

function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw new Error("it ends too early");
  return byte;
}

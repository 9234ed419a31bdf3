import { UnpackedBytes } from "./unpacked-bytes.ts";

/** Java's clients put blocks into frames of the xerial library; librdkafka writes one block. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
const XERIAL_HEADER_BYTES = 16;

/**
 * Unpacks Snappy as Kafka's producers write it
 * (https://github.com/google/snappy/blob/main/format_description.txt).
 *
 * @throws when it is none, and with the code `BATCH_TOO_LARGE` beyond `maxBytes`
 */
export function unpackSnappy(bytes: Buffer, maxBytes: number): Buffer {
  const output = new UnpackedBytes(4 * bytes.length, maxBytes);
  if (bytes.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) {
    for (let at = XERIAL_HEADER_BYTES; at < bytes.length; ) {
      const end = at + 4 + bytes.readUInt32BE(at);
      if (end > bytes.length) throw new Error("it ends too early");
      unpackBlock(bytes.subarray(at + 4, end), output);
      at = end;
    }
  } else {
    unpackBlock(bytes, output);
  }
  return output.toBuffer();
}

/** A block: its length when unpacked, then literals and copies. */
function unpackBlock(block: Buffer, output: UnpackedBytes): void {
  let at = 0;
  let size = 0;
  for (let weight = 1; ; weight *= 0x80) {
    const byte = byteAt(block, at++);
    size += (byte & 0x7f) * weight;
    if (byte < 0x80) break;
    if (at === 5) throw new Error("its length is none");
  }
  const end = output.length + size;
  while (at < block.length) {
    const tag = byteAt(block, at++);
    const kind = tag & 3;
    if (kind === 0) {
      let length = (tag >> 2) + 1;
      if (length > 60) {
        const width = length - 60;
        length = littleEndian(block, at, width) + 1;
        at += width;
      }
      output.append(block, at, at + length);
      at += length;
    } else if (kind === 1) {
      output.repeat(((tag >> 5) << 8) | byteAt(block, at++), ((tag >> 2) & 7) + 4);
    } else {
      const width = kind === 2 ? 2 : 4;
      output.repeat(littleEndian(block, at, width), (tag >> 2) + 1);
      at += width;
    }
  }
  if (output.length !== end) throw new Error("it has another length than it claims");
}

function littleEndian(bytes: Buffer, at: number, width: number): number {
  if (at + width > bytes.length) throw new Error("it ends too early");
  return bytes.readUIntLE(at, width);
}

function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw new Error("it ends too early");
  return byte;
}

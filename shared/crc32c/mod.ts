/**
 * CRC-32C as Kafka's record batches have it, eight bytes per step: for whoever writes or reads batches, on
 * either side of the wire. `crc32c(bytes)` is all of it.
 */

/** Castagnoli polynomial, reflected (RFC 3720, B.4). */
const POLYNOMIAL = 0x82f63b78;

/** Eight tables of 256 entries, one after the other ("slicing by 8"): eight bytes per step. */
const TABLES = buildTables();

function buildTables(): Uint32Array {
  const tables = new Uint32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    tables[byte] = crc;
  }
  for (let index = 256; index < tables.length; index++) {
    const previous = tables[index - 256] as number;
    tables[index] = (previous >>> 8) ^ (tables[previous & 0xff] as number);
  }
  return tables;
}

/** CRC-32C of `bytes`, as an unsigned 32-bit number; the checksum of record batches (KIP-98). */
export function crc32c(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const table = (slice: number, byte: number) => TABLES[slice * 256 + byte] as number;
  const wholeSteps = bytes.length - (bytes.length % 8);
  let crc = 0xffff_ffff;
  let at = 0;
  for (; at < wholeSteps; at += 8) {
    const low = crc ^ view.getUint32(at, true);
    const high = view.getUint32(at + 4, true);
    crc =
      table(7, low & 0xff) ^
      table(6, (low >>> 8) & 0xff) ^
      table(5, (low >>> 16) & 0xff) ^
      table(4, low >>> 24) ^
      table(3, high & 0xff) ^
      table(2, (high >>> 8) & 0xff) ^
      table(1, (high >>> 16) & 0xff) ^
      table(0, high >>> 24);
  }
  for (; at < bytes.length; at++) {
    crc = (crc >>> 8) ^ table(0, (crc ^ (bytes[at] as number)) & 0xff);
  }
  return (crc ^ 0xffff_ffff) >>> 0;
}

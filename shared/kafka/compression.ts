import { promisify } from "node:util";
import { gunzip, gzipSync, zstdCompressSync, zstdDecompress } from "node:zlib";
import { CompressionCodecs, CompressionTypes } from "kafkajs";
import { unpackLz4 } from "./lz4.ts";
import { unpackSnappy } from "./snappy.ts";
import { batchTooLarge } from "./unpacked-bytes.ts";

/**
 * What a compressed batch may become, in bytes. Producers keep what they compress within 1 MiB unless
 * they are told otherwise; a few bytes can become any number of them.
 */
export const MAX_UNPACKED_BYTES = 8 * 1024 * 1024;

type Unpack = (bytes: Buffer, maxBytes: number) => Buffer | Promise<Buffer>;

const inflateGzip = promisify(gunzip);
const inflateZstd = promisify(zstdDecompress);

const UNPACK: Readonly<Record<number, Unpack>> = {
  [CompressionTypes.GZIP]: (bytes, maxOutputLength) =>
    bounded(inflateGzip(bytes, { maxOutputLength }), maxOutputLength),
  [CompressionTypes.Snappy]: unpackSnappy,
  [CompressionTypes.LZ4]: unpackLz4,
  [CompressionTypes.ZSTD]: (bytes, maxOutputLength) =>
    bounded(inflateZstd(bytes, { maxOutputLength }), maxOutputLength),
};

/** Those that the runtime has; our own batches are written as they are. */
const PACKERS: Readonly<
  Record<number, { compress(encoder: { buffer: Buffer }): Promise<Buffer> }>
> = {
  [CompressionTypes.GZIP]: { compress: async ({ buffer }) => gzipSync(buffer) },
  [CompressionTypes.ZSTD]: { compress: async ({ buffer }) => zstdCompressSync(buffer) },
};

/** Has kafkajs read batches of all four codecs, none of them beyond {@link MAX_UNPACKED_BYTES}. */
export function installCodecs(): void {
  const codecs: Record<number, () => unknown> = CompressionCodecs;
  for (const [type, unpack] of Object.entries(UNPACK)) {
    const codec = {
      ...PACKERS[Number(type)],
      decompress: async (bytes: Buffer) => unpack(bytes, MAX_UNPACKED_BYTES),
    };
    codecs[Number(type)] = () => codec;
  }
}

async function bounded(unpacked: Promise<Buffer>, maxBytes: number): Promise<Buffer> {
  try {
    return await unpacked;
  } catch (error) {
    const isLarge = error instanceof Error && "code" in error && error.code === BUFFER_TOO_LARGE;
    throw isLarge ? batchTooLarge(maxBytes) : error;
  }
}

const BUFFER_TOO_LARGE = "ERR_BUFFER_TOO_LARGE";

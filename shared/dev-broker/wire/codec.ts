import { type FrameReader, MalformedFrame } from "./reader.ts";
import type { FrameWriter } from "./writer.ts";

/**
 * How one part of a message goes over the wire, in both directions. Reader and writer know the
 * version, so one codec covers the classic and the flexible form (KIP-482) of a type.
 */
export interface Codec<T> {
  read(reader: FrameReader): T;
  write(writer: FrameWriter, value: T): void;
}

/** The type of the values that a codec reads and writes. */
export type Decoded<C> = C extends Codec<infer T> ? T : never;

export const int8: Codec<number> = {
  read: (reader) => reader.int8(),
  write: (writer, value) => writer.int8(value),
};

export const int16: Codec<number> = {
  read: (reader) => reader.int16(),
  write: (writer, value) => writer.int16(value),
};

export const int32: Codec<number> = {
  read: (reader) => reader.int32(),
  write: (writer, value) => writer.int32(value),
};

export const boolean: Codec<boolean> = {
  read: (reader) => reader.int8() !== 0,
  write: (writer, value) => writer.int8(value ? 1 : 0),
};

export const bigint64: Codec<bigint> = {
  read: (reader) => reader.int64(),
  write: (writer, value) => writer.int64(value),
};

/** A 64-bit integer as a number; what a number cannot hold exactly becomes the nearest safe one. */
export const int64: Codec<number> = {
  read: (reader) =>
    Math.min(Math.max(Number(reader.int64()), Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER),
  write: (writer, value) => writer.int64(BigInt(value)),
};

function readLength(reader: FrameReader, classic: "int16" | "int32"): number {
  return reader.flexible ? reader.unsignedVarint() - 1 : reader[classic]();
}

function writeLength(writer: FrameWriter, classic: "int16" | "int32", length: number): void {
  if (writer.flexible) writer.unsignedVarint(length + 1);
  else writer[classic](length);
}

export const nullableString: Codec<string | null> = {
  read(reader) {
    const length = readLength(reader, "int16");
    return length === -1 ? null : reader.utf8(length);
  },
  write(writer, value) {
    const length = value === null ? -1 : Buffer.byteLength(value);
    writeLength(writer, "int16", length);
    if (value !== null) writer.utf8(value, length);
  },
};

export const nullableBytes: Codec<Uint8Array | null> = {
  read(reader) {
    const length = readLength(reader, "int32");
    return length === -1 ? null : reader.bytes(length);
  },
  write(writer, value) {
    writeLength(writer, "int32", value === null ? -1 : value.length);
    if (value !== null) writer.bytes(value);
  },
};

/** An array that may be null, which often means "all". */
export function nullableArray<T>(element: Codec<T>): Codec<readonly T[] | null> {
  return {
    read(reader) {
      const count = readLength(reader, "int32");
      if (count === -1) return null;
      reader.elements(count);
      return Array.from({ length: count }, () => element.read(reader));
    },
    write(writer, value) {
      writeLength(writer, "int32", value === null ? -1 : value.length);
      for (const item of value ?? []) element.write(writer, item);
    },
  };
}

function notNull<T>(codec: Codec<T | null>): Codec<T> {
  return {
    read(reader) {
      const value = codec.read(reader);
      if (value === null) throw new MalformedFrame("null where a value is required");
      return value;
    },
    write: (writer, value) => codec.write(writer, value),
  };
}

export const string: Codec<string> = notNull(nullableString);
export const bytes: Codec<Uint8Array> = notNull(nullableBytes);

export function array<T>(element: Codec<T>): Codec<readonly T[]> {
  return notNull(nullableArray(element));
}

/** A field of some versions only: elsewhere it is not on the wire and reads as `absent`. */
export function versions<T>(from: number, to: number, codec: Codec<T>, absent: T): Codec<T> {
  const has = (version: number) => version >= from && version <= to;
  return {
    read: (reader) => (has(reader.version) ? codec.read(reader) : absent),
    write: (writer, value) => has(writer.version) && codec.write(writer, value),
  };
}

/** A field that came with version `from`. */
export function since<T>(from: number, codec: Codec<T>, absent: T): Codec<T> {
  return versions(from, Number.POSITIVE_INFINITY, codec, absent);
}

/** Fields in the order of the wire. Unknown tagged fields are skipped, none are written. */
export function struct<F extends Record<string, Codec<unknown>>>(
  fields: F,
): Codec<{ readonly [K in keyof F]: Decoded<F[K]> }> {
  const entries = Object.entries(fields);
  return {
    read(reader) {
      const value: Record<string, unknown> = {};
      for (const [name, codec] of entries) value[name] = codec.read(reader);
      if (reader.flexible) reader.skipTaggedFields();
      return value as { [K in keyof F]: Decoded<F[K]> };
    },
    write(writer, value) {
      for (const [name, codec] of entries) codec.write(writer, value[name]);
      if (writer.flexible) writer.noTaggedFields();
    },
  };
}

/** A response that starts with `throttle_time_ms` from version `from` on; it is always 0. */
export function throttled<F extends Record<string, Codec<unknown>>>(from: number, fields: F) {
  const body = struct(fields);
  const throttle = since(from, int32, 0);
  const codec: typeof body = {
    read(reader) {
      throttle.read(reader);
      return body.read(reader);
    },
    write(writer, value) {
      throttle.write(writer, 0);
      body.write(writer, value);
    },
  };
  return codec;
}

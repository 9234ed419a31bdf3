import { CloseConnection } from "./close-connection.ts";

/** The bytes of a request do not follow the protocol. */
export class MalformedFrame extends CloseConnection {
  override readonly name: string = "MalformedFrame";
}

/** More array elements than this in one request are taken for an attack or a bug. */
const MAX_ELEMENTS = 200_000;

/**
 * Reads one request from front to back. Every length is checked against what is left of the frame
 * before anything is allocated, and all arrays of a request share one budget of elements.
 */
export class FrameReader {
  readonly version: number;
  readonly flexible: boolean;
  readonly #bytes: Buffer;
  #position: number;
  #elementsLeft = MAX_ELEMENTS;

  constructor(bytes: Buffer, version = 0, flexible = false, position = 0) {
    this.#bytes = bytes;
    this.version = version;
    this.flexible = flexible;
    this.#position = position;
  }

  get position(): number {
    return this.#position;
  }

  get remaining(): number {
    return this.#bytes.length - this.#position;
  }

  int8(): number {
    return this.#bytes.readInt8(this.#advance(1));
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#advance(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#advance(4));
  }

  int64(): bigint {
    return this.#bytes.readBigInt64BE(this.#advance(8));
  }

  unsignedVarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#advance(1));
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return this.#within(value, 0xffff_ffff, "varint");
    }
    throw new MalformedFrame("a varint is longer than five bytes");
  }

  /** The next `length` bytes, not copied: they are good for as long as the frame is. */
  bytes(length: number): Buffer {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  utf8(length: number): string {
    const start = this.#advance(length);
    return this.#bytes.toString("utf8", start, start + length);
  }

  /** A count of elements that are at least one byte each. */
  elements(count: number): number {
    this.#within(count, this.remaining, "array");
    this.#elementsLeft -= count;
    if (this.#elementsLeft < 0) throw new MalformedFrame("the request has too many elements");
    return count;
  }

  skipTaggedFields(): void {
    const count = this.elements(this.unsignedVarint());
    for (let index = 0; index < count; index++) {
      this.unsignedVarint();
      this.#advance(this.unsignedVarint());
    }
  }

  #within(value: number, most: number, what: string): number {
    if (value < 0 || value > most) {
      throw new MalformedFrame(`${what} of ${value} where at most ${most} can be`);
    }
    return value;
  }

  #advance(length: number): number {
    this.#within(length, this.remaining, "length");
    const start = this.#position;
    this.#position += length;
    return start;
  }
}

/** The code on an error by which the patched kafkajs knows that a batch is too large to be read. */
const BATCH_TOO_LARGE = "BATCH_TOO_LARGE";

/** The error for a batch that becomes larger than `maxBytes`. */
export const batchTooLarge = (maxBytes: number): Error =>
  Object.assign(new Error(`it becomes larger than ${maxBytes} bytes`), { code: BATCH_TOO_LARGE });

/**
 * What an unpacker has written so far. It grows as far as `maxBytes`, so that a size which the bytes
 * only claim costs nothing.
 */
export class UnpackedBytes {
  #bytes: Buffer;
  #end = 0;
  readonly #maxBytes: number;

  constructor(expectedBytes: number, maxBytes: number) {
    this.#bytes = Buffer.allocUnsafeSlow(Math.min(expectedBytes, maxBytes));
    this.#maxBytes = maxBytes;
  }

  get length(): number {
    return this.#end;
  }

  /** Appends `from.subarray(start, end)`. */
  append(from: Uint8Array, start: number, end: number): void {
    if (end > from.length) throw new Error("it ends too early");
    this.#reserve(end - start);
    this.#bytes.set(from.subarray(start, end), this.#end);
    this.#end += end - start;
  }

  /** Appends again what was written `distance` bytes ago, which may run into what it appends. */
  repeat(distance: number, length: number): void {
    if (distance < 1 || distance > this.#end) throw new Error("it repeats what is not there");
    this.#reserve(length);
    const bytes = this.#bytes;
    const end = this.#end + length;
    for (let at = this.#end; at < end; at++) bytes[at] = bytes[at - distance] as number;
    this.#end = end;
  }

  toBuffer(): Buffer {
    return this.#bytes.subarray(0, this.#end);
  }

  #reserve(size: number): void {
    const needed = this.#end + size;
    if (needed <= this.#bytes.length) return;
    if (needed > this.#maxBytes) throw batchTooLarge(this.#maxBytes);
    const larger = Buffer.allocUnsafeSlow(
      Math.min(this.#maxBytes, Math.max(needed, 2 * this.#bytes.length)),
    );
    larger.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = larger;
  }
}

import { MalformedFrame } from "./reader.ts";

const LENGTH_BYTES = 4;
/** Key, version, correlation id and a null client id. */
const SMALLEST_REQUEST = 10;
const FIRST_ALLOCATION = 64 * 1024;

/**
 * Cuts the byte stream of a connection into frames. Memory grows with what has arrived, never with
 * what a length promises: an unfinished frame holds at most twice the bytes that came.
 */
export class FrameAssembler {
  readonly #maxFrameBytes: number;
  #buffer: Buffer = Buffer.alloc(0);
  #filled = 0;

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** The frames that `chunk` completes, without their length; throws {@link MalformedFrame}. */
  push(chunk: Buffer): Buffer[] {
    let rest = chunk;
    if (this.#filled > 0) {
      this.#append(chunk);
      rest = this.#buffer.subarray(0, this.#filled);
    }
    const frames: Buffer[] = [];
    while (rest.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + this.#checked(rest.readInt32BE(0));
      if (rest.length < end) break;
      frames.push(rest.subarray(LENGTH_BYTES, end));
      rest = rest.subarray(end);
    }
    if (this.#filled === 0 || frames.length > 0) this.#keep(rest);
    return frames;
  }

  #checked(length: number): number {
    if (length < SMALLEST_REQUEST || length > this.#maxFrameBytes) {
      throw new MalformedFrame(`a request of ${length} bytes`);
    }
    return length;
  }

  /** Frames handed out refer to the old buffer, so what is left moves to one of its own. */
  #keep(rest: Buffer): void {
    this.#buffer = Buffer.alloc(0);
    this.#filled = 0;
    if (rest.length > 0) this.#append(rest);
  }

  #append(chunk: Buffer): void {
    const needed = this.#filled + chunk.length;
    if (needed > this.#buffer.length) {
      const small = Math.max(needed, Math.min(FIRST_ALLOCATION, 2 * needed));
      const larger = Buffer.allocUnsafeSlow(Math.max(small, 2 * this.#filled));
      this.#buffer.copy(larger, 0, 0, this.#filled);
      this.#buffer = larger;
    }
    chunk.copy(this.#buffer, this.#filled);
    this.#filled = needed;
  }
}

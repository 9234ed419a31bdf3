/** Blobs of at least this size are referred to until the frame is put together, not copied twice. */
const LARGE_BLOB = 4096;

/** Writes one response from front to back, with its length in front of it. */
export class FrameWriter {
  readonly version: number;
  readonly flexible: boolean;
  readonly #segments: Uint8Array[] = [];
  #total = 0;
  #buffer: Buffer;
  #start = 0;
  #position: number;

  constructor(version = 0, flexible = false) {
    this.version = version;
    this.flexible = flexible;
    this.#buffer = Buffer.allocUnsafe(512);
    this.#position = 4;
  }

  int8(value: number): void {
    const at = this.#reserve(1);
    this.#buffer.writeInt8(value, at);
  }

  int16(value: number): void {
    const at = this.#reserve(2);
    this.#buffer.writeInt16BE(value, at);
  }

  int32(value: number): void {
    const at = this.#reserve(4);
    this.#buffer.writeInt32BE(value, at);
  }

  int64(value: bigint): void {
    const at = this.#reserve(8);
    this.#buffer.writeBigInt64BE(value, at);
  }

  unsignedVarint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.#byte((rest % 0x80) + 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.#byte(rest);
  }

  bytes(value: Uint8Array): void {
    if (value.length < LARGE_BLOB) {
      const at = this.#reserve(value.length);
      this.#buffer.set(value, at);
      return;
    }
    this.#endSegment();
    this.#segments.push(value);
    this.#total += value.length;
  }

  utf8(value: string, length: number): void {
    const at = this.#reserve(length);
    this.#buffer.write(value, at, "utf8");
  }

  noTaggedFields(): void {
    this.#byte(0);
  }

  /** The whole frame: four bytes of length, then everything that was written. */
  frame(): Buffer {
    this.#endSegment();
    const frame =
      this.#segments.length === 1
        ? (this.#segments[0] as Buffer)
        : Buffer.concat(this.#segments, this.#total);
    frame.writeInt32BE(this.#total - 4, 0);
    return frame;
  }

  #byte(value: number): void {
    const at = this.#reserve(1);
    this.#buffer[at] = value;
  }

  #endSegment(): void {
    if (this.#position === this.#start) return;
    this.#segments.push(this.#buffer.subarray(this.#start, this.#position));
    this.#total += this.#position - this.#start;
    this.#start = this.#position;
  }

  #reserve(length: number): number {
    if (this.#position + length > this.#buffer.length) {
      const used = this.#position - this.#start;
      const larger = Buffer.allocUnsafe(Math.max(2 * this.#buffer.length, used + length));
      this.#buffer.copy(larger, 0, this.#start, this.#position);
      this.#buffer = larger;
      this.#start = 0;
      this.#position = used;
    }
    const at = this.#position;
    this.#position += length;
    return at;
  }
}

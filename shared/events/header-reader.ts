import { extractOf, isPrintable } from "./text.ts";
import type { Violation } from "./violations.ts";

/** How many characters a header may have that is read. */
const MAX_LENGTH = 255;
/** UTF-8 takes at most this many bytes for a UTF-16 unit: longer values need not be decoded. */
const UTF8_BYTES = 3;

/**
 * A header as Kafka clients hand it over: bytes or text, and a list when its name is repeated. Null
 * is a legal value, and counts as none.
 */
export type HeaderValue = HeaderBytes | undefined | readonly HeaderBytes[];
type HeaderBytes = Uint8Array | string | null;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** `bytes` as UTF-8 text, or `undefined` when they are none. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Reads the text headers of one record and gathers everything that is wrong with them. */
export class HeaderReader {
  readonly problems: Violation[] = [];
  readonly #headers: Readonly<Record<string, HeaderValue>>;
  /** Why the header that was read last is unreadable. */
  #problem: string | undefined;

  constructor(headers: Readonly<Record<string, HeaderValue>>) {
    this.#headers = headers;
  }

  /**
   * The header's text; `undefined`, with a problem noted, when it is missing, unreadable, longer than
   * `maxLength` or has characters that do not print.
   */
  required(name: string, maxLength = MAX_LENGTH): string | undefined {
    const text = this.#read(name, maxLength);
    if (text?.trim()) return text;
    this.refuse(name, this.#problem ?? "is missing");
    return undefined;
  }

  /** Like {@link required}, but a header that is not there is no problem. */
  optional(name: string): string | undefined {
    const text = this.#read(name);
    if (this.#problem !== undefined) this.refuse(name, this.#problem);
    return text;
  }

  /** Like {@link optional}, but an unreadable header counts as none. */
  tolerated(name: string): string | undefined {
    return this.#read(name);
  }

  refuse(name: string, message: string): void {
    this.problems.push({ path: name, message });
  }

  #read(name: string, maxLength = MAX_LENGTH): string | undefined {
    const text = this.#readText(name, maxLength);
    if (text === undefined || (text.length <= maxLength && isPrintable(text))) return text;
    this.#problem = `must be at most ${maxLength} printable characters, but begins with "${extractOf(text)}"`;
    return undefined;
  }

  #readText(name: string, maxLength: number): string | undefined {
    this.#problem = undefined;
    const raw = (Object.hasOwn(this.#headers, name) ? this.#headers[name] : null) ?? undefined;
    if (raw instanceof Uint8Array) return this.#decode(raw, maxLength);
    if (raw === undefined || typeof raw === "string") return raw;
    const [value] = raw;
    if (raw.length > 1) this.#problem = "is repeated";
    else if (value instanceof Uint8Array) return this.#decode(value, maxLength);
    else return value ?? undefined;
    return undefined;
  }

  #decode(bytes: Uint8Array, maxLength: number): string | undefined {
    if (bytes.length > UTF8_BYTES * maxLength) return Buffer.from(bytes).toString();
    const text = decodeUtf8(bytes);
    if (text === undefined) this.#problem = "is not UTF-8";
    return text;
  }
}

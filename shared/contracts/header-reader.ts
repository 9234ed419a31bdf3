import type { Violation } from "./violations.ts";

/** A header as Kafka clients hand it over: bytes or text, and a list when its name is repeated. */
export type HeaderValue = Uint8Array | string | undefined | readonly (Uint8Array | string)[];

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

  constructor(headers: Readonly<Record<string, HeaderValue>>) {
    this.#headers = headers;
  }

  /** The header's text; `undefined`, with a problem noted, when it is missing or unreadable. */
  required(name: string): string | undefined {
    const { text, problem } = this.#read(name);
    if (text?.trim()) return text;
    this.refuse(name, problem ?? "is missing");
    return undefined;
  }

  /** Like {@link required}, but a header that is not there is no problem. */
  optional(name: string): string | undefined {
    const { text, problem } = this.#read(name);
    if (problem) this.refuse(name, problem);
    return text;
  }

  /** Like {@link optional}, but an unreadable header counts as none. */
  tolerated(name: string): string | undefined {
    return this.#read(name).text;
  }

  refuse(name: string, message: string): void {
    this.problems.push({ path: name, message });
  }

  #read(name: string): { text?: string | undefined; problem?: string } {
    const raw = Object.hasOwn(this.#headers, name) ? this.#headers[name] : undefined;
    const values = raw instanceof Uint8Array || typeof raw === "string" ? [raw] : (raw ?? []);
    const [value] = values;
    if (values.length > 1) return { problem: "is repeated" };
    if (value === undefined || typeof value === "string") return { text: value };
    const text = decodeUtf8(value);
    return text === undefined ? { problem: "is not UTF-8" } : { text };
  }
}

/** The first answer in some bytes. */
export interface HttpAnswer {
  status: number;
  /** Where its body begins, and where it ends. */
  bodyAt: number;
  end: number;
}

const STATUS_AT = "HTTP/1.1 ".length;
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i;

/**
 * Reads a whole HTTP/1.1 answer with a Content-Length; undefined while bytes are missing. It knows
 * no more of HTTP than a load generator needs.
 *
 * @throws Error when the answer has no Content-Length
 */
export function readAnswer(bytes: Buffer): HttpAnswer | undefined {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd === -1) return undefined;
  const head = bytes.toString("latin1", 0, headEnd);
  const length = CONTENT_LENGTH.exec(head)?.[1];
  if (length === undefined) throw new Error(`an answer without Content-Length: ${head}`);
  const bodyAt = headEnd + 4;
  const end = bodyAt + Number(length);
  if (bytes.length < end) return undefined;
  return { status: Number(head.slice(STATUS_AT, STATUS_AT + 3)), bodyAt, end };
}

import { AppError } from "@order-outbox/errors";

/** The largest request body that is read, in bytes. */
export const MAX_BODY_BYTES = 16 * 1024;

/** In characters; two thousand levels are far from what the stack holds. */
const SHORT = 2_000;
const UTF_8 = new TextDecoder("utf-8", { fatal: true });

/**
 * The JSON value in a request's body; `undefined` when there is no body and none is announced.
 *
 * Stricter than `request.json()`: the media type must say JSON, no coding such as gzip is undone, the
 * size is limited whatever Content-Length claims, the bytes must be UTF-8 (RFC 8259 §8.1), and `__proto__` is refused as a
 * key because a later copy of the value could take it for the prototype.
 *
 * @throws AppError `MEDIA_TYPE_UNSUPPORTED`, `BODY_TOO_LARGE` or `INPUT_MALFORMED`
 */
export async function readJsonBody(
  request: Request,
  maxBytes: number = MAX_BODY_BYTES,
): Promise<unknown> {
  const { headers } = request;
  const coding = headers.get("content-encoding")?.trim().toLowerCase();
  if (coding && coding !== "identity") throw encoded(coding);
  const mediaType = mediaTypeOf(headers.get("content-type"));
  const announced = headers.get("content-length");
  if (Number(announced ?? 0) > maxBytes) throw tooLarge(maxBytes);
  if (mediaType !== undefined && !isJson(mediaType)) throw unsupported(mediaType);
  // The HTTP parser holds a body to its announced length; streaming it costs several times more.
  const bytes = await (announced === null ? readStream(request, maxBytes) : request.bytes());
  if (bytes.length > maxBytes) throw tooLarge(maxBytes);
  if (mediaType === undefined) {
    if (bytes.length > 0) throw unsupported(undefined);
    return undefined;
  }
  return parseJson(bytes);
}

function mediaTypeOf(contentType: string | null): string | undefined {
  if (!contentType) return undefined;
  return contentType.split(";", 1)[0]?.trim().toLowerCase();
}

function isJson(mediaType: string): boolean {
  return mediaType === "application/json" || /^application\/[\w.-]+\+json$/.test(mediaType);
}

async function readStream(request: Request, maxBytes: number): Promise<Uint8Array> {
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}

function parseJson(bytes: Uint8Array): unknown {
  if (bytes.length === 0) throw malformed("The body is empty; expected JSON.");
  let text: string;
  try {
    text = UTF_8.decode(bytes);
  } catch (cause) {
    throw malformed("The body is not valid UTF-8.", cause);
  }
  try {
    return needsLookAtKeys(text) ? JSON.parse(text, refusePrototype) : JSON.parse(text);
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    const reason = cause instanceof RangeError ? "nested too deeply" : (cause as Error).message;
    throw malformed(`The body is not valid JSON: ${reason}.`, cause);
  }
}

/**
 * A reviver sees every key and what is nested too deeply, but makes parsing several times slower.
 * A key can be spelt with `\u` escapes, too, and a short text cannot be nested too deeply.
 */
function needsLookAtKeys(text: string): boolean {
  return text.length > SHORT || text.includes("__proto__") || text.includes("\\u");
}

function refusePrototype(key: string, value: unknown): unknown {
  if (key === "__proto__") throw malformed('The body has the key "__proto__", which is refused.');
  return value;
}

function malformed(message: string, cause?: unknown): AppError {
  return new AppError("INPUT_MALFORMED", message, cause === undefined ? {} : { cause });
}

function unsupported(mediaType: string | undefined): AppError {
  const given = mediaType === undefined ? "has no Content-Type" : `is ${quote(mediaType)}`;
  return new AppError(
    "MEDIA_TYPE_UNSUPPORTED",
    `The body ${given}; send JSON as "application/json".`,
  );
}

function encoded(coding: string): AppError {
  return new AppError(
    "MEDIA_TYPE_UNSUPPORTED",
    `The body is encoded as ${quote(coding)}; send it as it is, without Content-Encoding.`,
    { details: { acceptEncoding: "identity" } },
  );
}

const quote = (text: string): string => JSON.stringify(text.slice(0, 64));

function tooLarge(maxBytes: number): AppError {
  return new AppError("BODY_TOO_LARGE", `The body is larger than ${maxBytes} bytes.`, {
    details: { maxBytes },
  });
}

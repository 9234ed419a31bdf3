import { AppError } from "@order-outbox/errors";

/** The largest request body that is read, in bytes. */
export const MAX_BODY_BYTES = 16 * 1024;

/**
 * The JSON value in a request's body; `undefined` when there is no body and none is announced.
 *
 * Stricter than `request.json()`: the media type must say JSON, the size is limited whatever
 * Content-Length claims, the bytes must be UTF-8 (RFC 8259 §8.1), and `__proto__` is refused as a
 * key because a later copy of the value could take it for the prototype.
 *
 * @throws AppError `MEDIA_TYPE_UNSUPPORTED`, `BODY_TOO_LARGE` or `INPUT_MALFORMED`
 */
export async function readJsonBody(
  request: Request,
  maxBytes: number = MAX_BODY_BYTES,
): Promise<unknown> {
  const contentType = request.headers.get("content-type") || undefined;
  const mediaType = contentType?.split(";", 1)[0]?.trim().toLowerCase();
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge(maxBytes);
  if (mediaType !== undefined && !isJson(mediaType)) throw unsupported(mediaType);
  const bytes = await readBytes(request, maxBytes);
  if (mediaType === undefined) {
    if (bytes.length > 0) throw unsupported(undefined);
    return undefined;
  }
  return parseJson(bytes);
}

function isJson(mediaType: string): boolean {
  return mediaType === "application/json" || /^application\/[\w.-]+\+json$/.test(mediaType);
}

async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
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
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw malformed("The body is not valid UTF-8.", cause);
  }
  try {
    return JSON.parse(text, refusePrototype);
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    const reason = cause instanceof RangeError ? "nested too deeply" : (cause as Error).message;
    throw malformed(`The body is not valid JSON: ${reason}.`, cause);
  }
}

function refusePrototype(key: string, value: unknown): unknown {
  if (key === "__proto__") throw malformed('The body has the key "__proto__", which is refused.');
  return value;
}

function malformed(message: string, cause?: unknown): AppError {
  return new AppError("INPUT_MALFORMED", message, cause === undefined ? {} : { cause });
}

function unsupported(mediaType: string | undefined): AppError {
  const given = mediaType === undefined ? "has no Content-Type" : `is ${JSON.stringify(mediaType)}`;
  return new AppError(
    "MEDIA_TYPE_UNSUPPORTED",
    `The body ${given}; send JSON as "application/json".`,
  );
}

function tooLarge(maxBytes: number): AppError {
  return new AppError("BODY_TOO_LARGE", `The body is larger than ${maxBytes} bytes.`, {
    details: { maxBytes },
  });
}

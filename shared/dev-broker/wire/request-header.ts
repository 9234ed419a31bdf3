import { nullableString } from "./codec.ts";
import { FrameReader } from "./reader.ts";

/** What stands in front of every request, in all versions of its header. */
export interface RequestHeader {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
}

/** Reads the part of the header that does not depend on which API it is. */
export function readRequestHeader(frame: Buffer): RequestHeader {
  const reader = new FrameReader(frame);
  return {
    apiKey: reader.int16(),
    apiVersion: reader.int16(),
    correlationId: reader.int32(),
  };
}

const FIXED_BYTES = 8;

/**
 * Reads the rest of the header and leaves the reader at the body. The client id is a classic string
 * even in header v2, the form of flexible versions, which ends with tagged fields (KIP-482).
 */
export function openBody(
  frame: Buffer,
  version: number,
  flexible: boolean,
): { clientId: string; body: FrameReader } {
  const header = new FrameReader(frame, version, false, FIXED_BYTES);
  const clientId = nullableString.read(header) ?? "";
  const body = new FrameReader(frame, version, flexible, header.position);
  if (flexible) body.skipTaggedFields();
  return { clientId, body };
}

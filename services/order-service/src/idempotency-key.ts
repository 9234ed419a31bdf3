import { invalidInput } from "@order-outbox/service-kit";
import type { NewOrder } from "./create-order.ts";

const VISIBLE_ASCII = /^[\x21-\x7e]{1,255}$/;

/**
 * The `Idempotency-Key` of a request (draft-ietf-httpapi-idempotency-key-header), if it has one.
 *
 * The value is taken as it is: the draft writes keys as quoted strings, most clients send them
 * bare, and one client repeats what it sent before.
 *
 * @throws AppError `INPUT_INVALID`
 */
export function readIdempotencyKey(headers: Headers): string | undefined {
  const key = headers.get("idempotency-key");
  if (key === null) return undefined;
  if (VISIBLE_ASCII.test(key)) return key;
  throw invalidInput([
    {
      in: "headers",
      path: "/idempotency-key",
      message: "must be one key of 1 to 255 visible ASCII characters, such as a UUID",
    },
  ]);
}

/** Equal for requests that ask for the same order, however their JSON is written. */
export function hashOf({ customerId, amount }: NewOrder): string {
  return Bun.SHA256.hash(JSON.stringify([customerId, amount]), "hex");
}

import { timingSafeEqual } from "node:crypto";
import { AppError } from "@order-outbox/errors";
import type { Logger } from "../logs/logger.ts";

/** Somebody mistook one token for another. */
const UNDELAYED = 3;
const FIRST_DELAY_MS = 25;
const LONGEST_DELAY_MS = 5_000;
const FORGET_AFTER_MS = 60_000;
/** A wait costs little memory, yet a bound is a bound. */
const MOST_WAITING = 256;

/** What the gate of the admin routes needs. */
export interface AdminGateOptions {
  /** The token as it is now. */
  token(): string;
  logger: Logger;
  /** Monotonic, in milliseconds. */
  now(): number;
  wait(ms: number): Promise<void>;
}

/** Lets a request to the admin routes pass, or throws `UNAUTHORIZED`. */
export type AdminGate = (authorization: string | null, facts: object) => Promise<void>;

/**
 * Checks the header `Authorization: Bearer …` of requests.
 *
 * A wrong token is logged, never itself. From the fourth on its refusal waits, twice as long as the
 * one before, up to 5 s, until a minute has passed without one; a right token halves the count. A right
 * token waits for nothing, so guessing locks nobody out. Beyond 256 refusals that wait, the next are
 * sent at once.
 */
export function createAdminGate({ token, logger, now, wait }: AdminGateOptions): AdminGate {
  let failures = 0;
  let lastFailureAt = Number.NEGATIVE_INFINITY;
  let waiting = 0;

  async function delayRefusal(facts: object): Promise<void> {
    if (now() - lastFailureAt > FORGET_AFTER_MS) failures = 0;
    lastFailureAt = now();
    const delayMs = delayAfter(failures);
    failures = Math.min(failures + 1, 32);
    logger.warn({ ...facts, delayMs }, "refused a wrong admin token");
    if (delayMs === 0 || waiting >= MOST_WAITING) return;
    waiting += 1;
    await wait(delayMs);
    waiting -= 1;
  }

  return async (authorization, facts) => {
    const given = /^Bearer (.+)$/i.exec(authorization ?? "")?.[1];
    if (given !== undefined && isSame(given, token())) {
      failures >>= 1;
      return;
    }
    if (given !== undefined) await delayRefusal(facts);
    throw new AppError("UNAUTHORIZED", "Send the token: Authorization: Bearer …");
  };
}

function delayAfter(failures: number): number {
  if (failures < UNDELAYED) return 0;
  return Math.min(FIRST_DELAY_MS * 2 ** (failures - UNDELAYED), LONGEST_DELAY_MS);
}

/** Compared in constant time, so that the answer's delay tells nothing about the token. */
function isSame(given: string, token: string): boolean {
  const hash = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest();
  return timingSafeEqual(hash(given), hash(token));
}

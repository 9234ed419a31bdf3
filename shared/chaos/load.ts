import { createRandom } from "@order-outbox/tool-kit";
import { type Attempt, postOrder } from "./client.ts";

/**
 * Customers who send orders at a steady rate, whatever becomes of them, until each has its 201. Half
 * of them send an Idempotency-Key and repeat their order; the others want another one each time, so
 * that every one of their POSTs can be told apart.
 */
export interface Load {
  /** Every POST that has ended. */
  readonly attempts: readonly Attempt[];
  /** How many were answered 201. */
  readonly accepted: number;
  /** Orders that wait for their first or next POST. */
  readonly waiting: number;
  /** Sends one order more, now, until it is accepted; its id. */
  sendOne(signal: AbortSignal): Promise<string | undefined>;
  /** Lets no new order come, and resolves when all are accepted or `giveUp` says so. */
  stop(giveUp: AbortSignal): Promise<void>;
}

/** At most so many POSTs are open at once; later orders queue, as people would. */
const SENDERS = 64;
const TICK_MS = 20;
const LONGEST_WAIT_MS = 1_000;

/** Starts `ratePerSecond` orders a second, with amounts from the seed. */
export function startLoad(url: string, ratePerSecond: number, seed: number): Load {
  const random = createRandom(seed, "load");
  const attempts: Attempt[] = [];
  const startedAt = performance.now();
  const abandoned = new AbortController();
  let accepted = 0;
  let created = 0;
  let taken = 0;
  let probes = 0;
  let stopping = false;

  async function sendUntilAccepted(name: string, signal: AbortSignal): Promise<string | undefined> {
    const withKey = random.chance(0.5);
    const amount = Math.round(random.between(1, 100_000)) / 100;
    for (let number = 1; !signal.aborted; number++) {
      const order = withKey
        ? { customerId: name, amount, key: name }
        : { customerId: `${name}-${number}`, amount };
      const attempt = await postOrder(url, order, signal);
      attempts.push(attempt);
      const { outcome } = attempt;
      if (outcome.kind === "accepted") {
        accepted += 1;
        return outcome.orderId;
      }
      const wish = outcome.kind === "refused" ? outcome.retryAfterMs : 0;
      const waitMs = Math.min(Math.max(wish, 100 * number), LONGEST_WAIT_MS);
      await Bun.sleep(waitMs * random.between(0.5, 1));
    }
    return undefined;
  }

  async function sendAll(): Promise<void> {
    while (!abandoned.signal.aborted) {
      if (taken < created) {
        taken += 1;
        await sendUntilAccepted(`customer-${taken}`, abandoned.signal);
      } else if (stopping) return;
      else await Bun.sleep(TICK_MS);
    }
  }

  const arrivals = setInterval(() => {
    created = Math.floor(((performance.now() - startedAt) / 1000) * ratePerSecond);
  }, TICK_MS);
  const senders = Promise.all(Array.from({ length: SENDERS }, sendAll));

  return {
    attempts,
    get accepted() {
      return accepted;
    },
    get waiting() {
      return created - taken;
    },
    sendOne(signal) {
      probes += 1;
      return sendUntilAccepted(`probe-${probes}`, AbortSignal.any([signal, abandoned.signal]));
    },
    async stop(giveUp) {
      clearInterval(arrivals);
      stopping = true;
      const abandon = () => abandoned.abort();
      if (giveUp.aborted) abandon();
      giveUp.addEventListener("abort", abandon, { once: true });
      await senders;
      giveUp.removeEventListener("abort", abandon);
      abandon();
    },
  };
}

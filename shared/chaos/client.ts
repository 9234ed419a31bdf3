/** What became of one POST. */
export type Outcome =
  /** 201, with the id that was answered. */
  | { kind: "accepted"; orderId: string }
  /** Another status. */
  | { kind: "refused"; status: number; retryAfterMs: number }
  /** Nobody listened: it was never sent. */
  | { kind: "unsent" }
  /** Cut off or timed out: accepted or not, nobody told. */
  | { kind: "unknown" };

/** An order that a customer wants. */
export interface WantedOrder {
  /** No other order's, so that what is stored can be found without an id. */
  customerId: string;
  amount: number;
  /** The `Idempotency-Key`, when it has one: then it may be sent again. */
  key?: string;
}

/** One POST. */
export interface Attempt extends WantedOrder {
  outcome: Outcome;
}

const TIMEOUT_MS = 5_000;

/** Posts an order; never throws. */
export async function postOrder(
  url: string,
  order: WantedOrder,
  signal: AbortSignal,
): Promise<Attempt> {
  return { ...order, outcome: await request(url, order, signal) };
}

async function request(
  url: string,
  { key, ...order }: WantedOrder,
  signal: AbortSignal,
): Promise<Outcome> {
  try {
    const response = await fetch(`${url}/api/orders`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(key === undefined ? {} : { "idempotency-key": key }),
      },
      body: JSON.stringify(order),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      // A connection of its own: Bun would repeat a request that a dying one swallowed.
      keepalive: false,
    });
    const { status } = response;
    const body = (await response.json()) as { orderId?: string };
    if (status === 201 && body.orderId) return { kind: "accepted", orderId: body.orderId };
    const retryAfterMs = Number(response.headers.get("retry-after") ?? 0) * 1000;
    return { kind: "refused", status, retryAfterMs };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return { kind: code === "ECONNREFUSED" || code === "ConnectionRefused" ? "unsent" : "unknown" };
  }
}

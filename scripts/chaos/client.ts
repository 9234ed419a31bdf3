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

/** One POST; its `customerId` is no other's, so that its order can be found without an id. */
export interface Attempt {
  customerId: string;
  amount: number;
  outcome: Outcome;
}

const TIMEOUT_MS = 5_000;

/** Posts an order; never throws. */
export async function postOrder(
  url: string,
  customerId: string,
  amount: number,
  signal: AbortSignal,
): Promise<Attempt> {
  const outcome = await request(url, { customerId, amount }, signal);
  return { customerId, amount, outcome };
}

async function request(url: string, order: object, signal: AbortSignal): Promise<Outcome> {
  try {
    const response = await fetch(`${url}/api/orders`, {
      method: "POST",
      headers: { "content-type": "application/json" },
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

import type { Load } from "./load.ts";

/** How long it took after a fault until the system worked again. */
export interface Recovery {
  fault: string;
  /** Milliseconds until an order that was sent after the fault was final; undefined: never seen. */
  ms: number | undefined;
}

/** Sends an order and waits until it is final; undefined when `signal` came first. */
export async function measureRecovery(
  load: Load,
  url: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  const startedAt = performance.now();
  const orderId = await load.sendOne(signal);
  if (orderId === undefined) return undefined;
  while (!signal.aborted) {
    if (await isFinal(`${url}/api/orders/${orderId}`)) return performance.now() - startedAt;
    await Bun.sleep(50);
  }
  return undefined;
}

async function isFinal(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000), keepalive: false });
    const { status } = (await response.json()) as { status?: unknown };
    return status === "PAID" || status === "PAYMENT_FAILED";
  } catch {
    return false;
  }
}

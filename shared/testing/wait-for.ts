/** How long {@link waitFor} waits, and what it says when it was in vain. */
export interface WaitOptions {
  /** Completes "waited in vain for …". */
  what: string;
  /** Milliseconds, 20,000 when left out: enough for a busy machine, too short for a safety net. */
  timeoutMs?: number;
  /** Milliseconds between two looks, 10 when left out. */
  intervalMs?: number;
}

/** Caps every wait, where tests are meant to fail and nobody wants to watch them wait. */
const LONGEST_MS = Number(process.env.LONGEST_WAIT_MS ?? Number.POSITIVE_INFINITY);

type Falsy = false | 0 | "" | null | undefined;

/**
 * Waits until `condition` gives something truthy, and returns that. A condition that throws counts
 * as not fulfilled yet; its last error is the cause of the failure.
 *
 * @throws Error that says what was waited for and what the condition gave last
 */
export async function waitFor<Value>(
  condition: () => Value | Promise<Value>,
  { what, timeoutMs: askedMs = 20_000, intervalMs = 10 }: WaitOptions,
): Promise<Exclude<Value, Falsy>> {
  const timeoutMs = Math.min(askedMs, LONGEST_MS);
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let last: { value: unknown } | { error: unknown };
    try {
      const value = await condition();
      if (value) return value as Exclude<Value, Falsy>;
      last = { value };
    } catch (error) {
      last = { error };
    }
    if (performance.now() >= deadline) {
      const found = "error" in last ? String(last.error) : Bun.inspect(last.value);
      throw new Error(`waited ${timeoutMs} ms in vain for ${what}; last: ${found}`, {
        cause: "error" in last ? last.error : undefined,
      });
    }
    await Bun.sleep(intervalMs);
  }
}

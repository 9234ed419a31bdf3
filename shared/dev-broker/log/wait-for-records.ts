import type { PartitionLog } from "./partition-log.ts";

/**
 * Settles when the logs have got `bytes` more between them, when records or a topic were deleted,
 * when `timeoutMs` is over or when `signal` is aborted, whichever is first.
 */
export function waitForRecords(
  logs: readonly PartitionLog[],
  bytes: number,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let missing = bytes;
  const stops = logs.map((log) =>
    log.listen((added) => {
      missing -= added;
      if (added === 0 || missing <= 0) resolve();
    }),
  );
  const timer = setTimeout(resolve, timeoutMs);
  const onAbort = () => resolve();
  signal.addEventListener("abort", onAbort, { once: true });
  return promise.finally(() => {
    for (const stop of stops) stop();
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  });
}

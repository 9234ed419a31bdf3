/** A request that waits for the group; only its first answer counts. */
export interface Parked<Answer> {
  readonly promise: Promise<Answer>;
  answer(answer: Answer): void;
}

/**
 * Parks a request. When `signal` is aborted first, `onAbort` is called: it has to forget the parked
 * request and to answer it, so that nobody waits for a connection that is gone.
 */
export function park<Answer>(
  signal: AbortSignal | undefined,
  onAbort: (parked: Parked<Answer>) => void,
): Parked<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const abort = () => onAbort(parked);
  const parked: Parked<Answer> = {
    promise,
    answer(answer) {
      signal?.removeEventListener("abort", abort);
      resolve(answer);
    },
  };
  signal?.addEventListener("abort", abort, { once: true });
  return parked;
}

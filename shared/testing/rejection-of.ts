/**
 * What a promise rejects with. `expect(promise).rejects` holds up the event loop until then, and
 * with it whatever the promise waits for: up to a second for an answer that is there at once.
 *
 * @throws Error when the promise is fulfilled
 */
export function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`no rejection, but ${Bun.inspect(value)}`);
    },
    (error: unknown) => error,
  );
}

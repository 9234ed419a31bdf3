import type { HeldDesk, RequestItem } from "@order-outbox/operator";

const LOOK_MS = 100;

/** Waits until the service has finished the requests, at most `timeoutMs`, and says how they stand. */
export async function awaitOutcomes(
  desk: HeldDesk,
  ids: readonly number[],
  timeoutMs: number,
  onProgress: (done: number) => void = () => {},
): Promise<RequestItem[]> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const states = await desk.requests(ids);
    const done = states.filter(({ finishedAt }) => finishedAt !== null).length;
    onProgress(done);
    if (done === states.length || performance.now() >= deadline) return states;
    await Bun.sleep(LOOK_MS);
  }
}

import { connectHttp, type HttpConnection } from "./http-connection.ts";
import type { LoadPlan } from "./load-plan.ts";
import type { LoadTally } from "./load-tally.ts";
import type { RequestSource } from "./requests.ts";

/** Each connection sends its next order as soon as the last one is answered. */
export async function runClosedLoop(
  plan: LoadPlan,
  nextRequest: RequestSource,
  tally: LoadTally,
): Promise<void> {
  const { promise: lost, reject } = Promise.withResolvers<never>();
  const connections = await Promise.all(
    Array.from({ length: plan.connections }, () => connectHttp(plan.port, reject)),
  );
  let left = plan.count ?? Number.POSITIVE_INFINITY;
  const endsAt = tally.begin();

  async function work(connection: HttpConnection): Promise<void> {
    const { promise: done, resolve } = Promise.withResolvers<void>();
    function sendNext(): void {
      const sentAt = performance.now();
      if (left === 0 || sentAt >= endsAt) {
        resolve();
        return;
      }
      left -= 1;
      connection.send(nextRequest(), (answer, bytes) => {
        tally.note(answer, bytes, sentAt);
        sendNext();
      });
    }
    sendNext();
    return done;
  }

  await Promise.race([Promise.all(connections.map(work)), lost]);
  tally.end();
  for (const connection of connections) connection.close();
}

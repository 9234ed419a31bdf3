import { connectHttp, type HttpConnection } from "./http-connection.ts";
import { IN_TIME_MS, type LoadPlan } from "./load-plan.ts";
import type { LoadTally } from "./load-tally.ts";
import type { RequestSource } from "./requests.ts";

const TICK_MS = 1;
/** After the end of the schedule, what is overdue for so long is not sent any more. */
const OVERTIME_MS = 2 * IN_TIME_MS;
/** An answer that takes longer is not waited for. */
const LAST_ANSWERS_MS = 30_000;

/**
 * Sends orders on a fixed schedule, however long their answers take: one that finds every connection
 * busy waits for one, and its time counts from when it was due (no coordinated omission).
 */
export async function runOpenLoop(
  plan: LoadPlan & { rate: number },
  nextRequest: RequestSource,
  tally: LoadTally,
): Promise<void> {
  const { promise: lost, reject } = Promise.withResolvers<never>();
  const connections = await Promise.all(
    Array.from({ length: plan.connections }, () => connectHttp(plan.port, reject)),
  );
  const idle = [...connections];
  const overdue: number[] = [];
  const { promise: answered, resolve: onAnswered } = Promise.withResolvers<void>();
  const endsAt = tally.begin();
  const startedAt = performance.now();
  const total = Math.floor(((endsAt - startedAt) / 1000) * plan.rate);
  let planned = 0;
  /** Orders that are not answered, or not even sent. */
  let open = total;

  function close(orders: number): void {
    open -= orders;
    if (open === 0) onAnswered();
  }

  function send(connection: HttpConnection, dueAt: number): void {
    connection.send(nextRequest(), (answer, bytes) => {
      tally.note(answer, bytes, dueAt);
      close(1);
      const next = overdue.shift();
      if (next === undefined) idle.push(connection);
      else send(connection, next);
    });
  }

  const ticks = setInterval(() => {
    const due = Math.min(total, ((performance.now() - startedAt) / 1000) * plan.rate);
    for (; planned < due; planned++) {
      const dueAt = startedAt + (planned / plan.rate) * 1000;
      // In turns: a server closes a connection on which nothing ever comes.
      const connection = idle.shift();
      if (connection === undefined) overdue.push(dueAt);
      else send(connection, dueAt);
    }
  }, TICK_MS);
  const overtime = setTimeout(
    () => close(overdue.splice(0).length),
    endsAt - startedAt + OVERTIME_MS,
  );
  const givenUp = Bun.sleep(endsAt - startedAt + LAST_ANSWERS_MS);
  await Promise.race([answered, givenUp, lost]);
  clearTimeout(overtime);
  clearInterval(ticks);
  tally.end();
  for (const connection of connections) connection.close();
}

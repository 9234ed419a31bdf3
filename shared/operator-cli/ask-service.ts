import type { HeldDesk, RequestItem } from "@order-outbox/operator";
import { createProgress, EXIT, type ExitCode, parseSpan } from "@order-outbox/tool-kit";
import { awaitOutcomes } from "./requests.ts";

/** The options of every command that has a service do something. */
export const WAIT_OPTIONS = {
  "no-wait": { type: "boolean", default: false },
  timeout: { type: "string", default: "15s" },
} as const;

export const WAIT_USAGE = `  --no-wait          leave the request and do not wait for the service
  --timeout SPAN     how long to wait for it (default 15s)`;

interface Waiting {
  "no-wait": boolean;
  timeout: string;
}

/** A request as the answer for machines shows it. */
export interface Answer
  extends Pick<RequestItem, "id" | "kind" | "target" | "finishedAt" | "outcome"> {
  service: string;
}

/** Waits, unless told not to, for what becomes of requests that were left for a service. */
export async function awaitService(
  service: string,
  desk: HeldDesk,
  ids: readonly number[],
  { "no-wait": noWait, timeout }: Waiting,
): Promise<Answer[]> {
  if (ids.length === 0) return [];
  const timeoutMs = noWait ? 0 : parseSpan("--timeout", timeout);
  const progress = createProgress();
  const states = await awaitOutcomes(desk, ids, timeoutMs, (done) =>
    progress.show(`waiting for ${service}`, done, ids.length),
  );
  progress.end();
  return states.map(({ id, kind, target, finishedAt, outcome }) => ({
    service,
    ...{ id, kind, target, finishedAt, outcome },
  }));
}

/** Says what became of requests; a failure or one that is still open is no success. */
export function reportAnswers(answers: readonly Answer[], waited: boolean): ExitCode {
  for (const { service, id, kind, target, outcome } of answers) {
    const what = `${service}: ${kind} ${JSON.stringify(target)}`;
    console.log(
      outcome === null ? `${what}: request ${id} is open` : `${what}: ${describe(outcome)}`,
    );
  }
  return judgeAnswers(answers, waited);
}

/** The exit code for `answers`; says on standard error when a service did not answer. */
export function judgeAnswers(answers: readonly Answer[], waited: boolean): ExitCode {
  const open = answers.filter(({ finishedAt }) => finishedAt === null);
  for (const service of waited ? new Set(open.map((answer) => answer.service)) : []) {
    console.error(
      `outbox: ${service} has not answered: it does not run, or is busy. Its requests stay open and are carried out when it can; "status" counts them.`,
    );
  }
  const failed = answers.some(({ outcome }) => outcome?.error !== undefined);
  return failed || (waited && open.length > 0) ? EXIT.findings : EXIT.done;
}

function describe({ error, ...facts }: Record<string, unknown>): string {
  const parts = Object.entries(facts)
    .filter(([name]) => name !== "code")
    .map(([name, value]) => `${name} ${value}`);
  return [...parts, ...(error === undefined ? [] : [`failed: ${error}`])].join(", ");
}

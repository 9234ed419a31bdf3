import { SpanKind } from "@opentelemetry/api";
import type { CommitQueue } from "@order-outbox/sqlite";
import {
  ATTR_COMMIT_DURATION,
  ATTR_COMMIT_UNITS,
  ATTR_DB_OPERATION_NAME,
  ATTR_DB_SYSTEM_NAME,
} from "./attributes.ts";
import { childOf, type SpanStarter } from "./span-context.ts";
import { noteError } from "./span-errors.ts";

/** Spans of units of work from the moment they begin to wait until their commit is on the disk. */
export function traceCommits(tracer: SpanStarter) {
  let last = { units: 0, durationMs: 0 };

  function follow(committed: Promise<unknown>, traceparent: string): void {
    const span = tracer.startSpan(
      "commit",
      {
        kind: SpanKind.INTERNAL,
        attributes: { [ATTR_DB_SYSTEM_NAME]: "sqlite", [ATTR_DB_OPERATION_NAME]: "COMMIT" },
      },
      childOf(traceparent),
    );
    committed.then(
      () => {
        // The queue tells of a commit before its units go on, so the last one is this unit's.
        span.setAttribute(ATTR_COMMIT_UNITS, last.units);
        span.setAttribute(ATTR_COMMIT_DURATION, last.durationMs);
        span.end();
      },
      (error: unknown) => {
        noteError(span, error);
        span.end();
      },
    );
  }

  return {
    noteCommit(units: number, durationMs: number) {
      last = { units, durationMs };
    },
    traceCommits(queue: CommitQueue): CommitQueue {
      return {
        ...queue,
        run(work, traceparent) {
          const committed = queue.run(work);
          if (traceparent !== undefined) follow(committed, traceparent);
          return committed;
        },
        commit(unit, traceparent) {
          const committed = queue.commit(unit);
          if (traceparent !== undefined) follow(committed, traceparent);
          return committed;
        },
        get size() {
          return queue.size;
        },
      };
    },
  };
}

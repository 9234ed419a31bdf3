import type { FollowEvent } from "@order-outbox/inbox";
import type { Log } from "@order-outbox/kafka";
import type { OutboxObserver } from "@order-outbox/outbox";
import type { TraceRequest } from "@order-outbox/service-kit";
import type { CommitQueue } from "@order-outbox/sqlite";
import { type Environment, readTracingSettings } from "./settings.ts";

/** Whose traces are recorded, and how. */
export interface TracingOptions {
  service: string;
  /** `process.env`, in which the exporter looks for its own settings, too. */
  env: Environment;
  /** Hears once when traces cannot be sent, and once when they can again. */
  log?: Log;
}

/** A call to the outside world. */
export interface RemoteCall {
  /** Of the span: what is done, such as `charge payment-provider`; few different ones. */
  name: string;
  /** Who is called. */
  peer: string;
  /** The W3C trace context of what it is part of. */
  traceparent: string | undefined;
  attributes?: Record<string, string | number>;
}

/** Records what happens as OpenTelemetry spans. It speaks to others in W3C `traceparent`s only. */
export interface Tracing {
  /** For `runServer`. */
  traceRequest: TraceRequest;
  /** For `startInbox` of a consumer group. */
  followEvents(groupId: string): FollowEvent;
  /** For `serveOutboxWorker`, in the worker's thread. */
  outbox: OutboxObserver;
  /** `queue`, with the wait of each unit that belongs to a trace. */
  traceCommits(queue: CommitQueue): CommitQueue;
  /** For `onCommit` of the commit queue: tells the units' spans how many shared a commit. */
  noteCommit(units: number, durationMs: number): void;
  /** Follows a call to the outside world, which gets the trace context to pass on. */
  call<T>(call: RemoteCall, work: (traceparent: string) => Promise<T>): Promise<T>;
  /** Sends what has not been sent, for two seconds at most. Never rejects. */
  stop(): Promise<void>;
}

/**
 * Starts to record traces, when the environment says where to send them
 * (`OTEL_EXPORTER_OTLP_ENDPOINT`, see {@link readTracingSettings}). Otherwise the result is
 * undefined, and nothing of OpenTelemetry is loaded. Settings that cannot be used are warned of, and
 * never keep a service from starting.
 */
export async function startTracing(options: TracingOptions): Promise<Tracing | undefined> {
  const settings = readTracingSettings(options.env, options.service);
  if (settings === undefined) return undefined;
  for (const warning of settings.warnings) options.log?.warn({}, `traces: ${warning}`);
  try {
    const { recordTraces } = await import("./record-traces.ts");
    return recordTraces(settings, options.log);
  } catch (error) {
    options.log?.error({ error }, "traces cannot be recorded");
    return undefined;
  }
}

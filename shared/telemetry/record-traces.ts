import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { Log } from "@order-outbox/kafka";
import { ATTR_SERVICE_NAME } from "./attributes.ts";
import { traceCalls } from "./calls.ts";
import { traceCommits } from "./commits.ts";
import { traceConsumed } from "./consumed-events.ts";
import { createExporter } from "./exporter.ts";
import { tracePublished } from "./published-rows.ts";
import { traceRequests } from "./requests.ts";
import type { Sampling, TracingSettings } from "./settings.ts";
import { skipUnsampled } from "./skip-unsampled.ts";
import type { Tracing } from "./tracing.ts";

const FLUSH_MS = 2_000;

/** Records traces with the OpenTelemetry SDK. Only `startTracing` loads this file. */
export function recordTraces(settings: TracingSettings, log: Log | undefined): Tracing {
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(detectResources({ detectors: [envDetector] }))
      .merge(resourceFromAttributes({ [ATTR_SERVICE_NAME]: settings.serviceName })),
    sampler: samplerOf(settings.sampling),
    spanProcessors: [new BatchSpanProcessor({ exporter: createExporter(log), ...settings.batch })],
  });
  const sdkTracer = provider.getTracer("order-outbox");
  const tracer = settings.sampling.parentBased ? skipUnsampled(sdkTracer) : sdkTracer;
  const stop = () => within(FLUSH_MS, provider.shutdown());
  return {
    traceRequest: traceRequests(tracer),
    followEvents: (groupId) => traceConsumed(tracer, groupId, Date.now),
    outbox: { published: tracePublished(tracer), stop },
    ...traceCommits(tracer),
    call: traceCalls(tracer),
    stop,
  };
}

function samplerOf({ parentBased, root: share }: Sampling): Sampler {
  const root =
    share === 1
      ? new AlwaysOnSampler()
      : share === 0
        ? new AlwaysOffSampler()
        : new TraceIdRatioBasedSampler(share);
  return parentBased ? new ParentBasedSampler({ root }) : root;
}

/** Resolves when `work` is done, has failed, or takes too long: a process must end. */
async function within(ms: number, work: Promise<void>): Promise<void> {
  const { promise: timeIsUp, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([work.catch(() => {}), timeIsUp]);
  clearTimeout(timer);
}

import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import type { SpanExporter } from "@opentelemetry/sdk-trace";
import type { Log } from "@order-outbox/kafka";

/**
 * Sends spans by OTLP over HTTP as JSON, to where the standard variables say. A collector that does
 * not take them is one line in the log, and one when it does again.
 *
 * @throws Error when the variables cannot be used, such as an endpoint that is no URL
 */
export function createExporter(log: Log | undefined): SpanExporter {
  return tellOutages(new OTLPTraceExporter(), log);
}

/** `exporter`, which says when it begins to fail and when it works again. */
export function tellOutages(exporter: SpanExporter, log: Log | undefined): SpanExporter {
  let failing = false;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const failed = result.code !== 0;
        if (failed && !failing) {
          const reason = result.error?.message ?? "no reason given";
          log?.warn({ spans: spans.length }, `traces cannot be sent and are dropped: ${reason}`);
        }
        if (!failed && failing) log?.info({}, "traces are sent again");
        failing = failed;
        done(result);
      });
    },
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  };
}

import { expect, test } from "bun:test";
import { join } from "node:path";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { startProcess, startTraceCollector } from "@order-outbox/testing";
import { tellOutages } from "./exporter.ts";

test("with traces off, nothing of OpenTelemetry is loaded", async () => {
  await using child = startProcess(
    [process.execPath, join(import.meta.dir, "start-tracing-program.ts")],
    { env: { OTEL_EXPORTER_OTLP_ENDPOINT: undefined } },
  );
  expect(await child.exited).toBe(0);
  expect(child.lines).toEqual(["off, loaded: 0"]);
});

test("a collector that takes no traces is one line in the log, and one when it does again", async () => {
  let status = 400;
  await using collector = startTraceCollector(() => Response.json({}, { status }));
  const lines: string[] = [];
  const say = (_: object, message: string) => lines.push(message);
  const log = { debug: say, info: say, warn: say, error: say };
  const exporter = new OTLPTraceExporter({ url: `${collector.endpoint}/v1/traces` });
  const processor = new BatchSpanProcessor({ exporter: tellOutages(exporter, log) });
  const provider = new TracerProvider({ spanProcessors: [processor] });
  const send = async (name: string) => {
    provider.getTracer("test").startSpan(name).end();
    await provider.forceFlush().catch(() => {});
  };

  await send("lost");
  await send("lost too");
  expect(lines).toEqual([expect.stringContaining("traces cannot be sent and are dropped")]);
  status = 200;
  await send("received");
  await send("received too");
  expect(lines.slice(1)).toEqual(["traces are sent again"]);
  expect(collector.spans.map(({ name }) => name)).toEqual(["received", "received too"]);
  await provider.shutdown();
});

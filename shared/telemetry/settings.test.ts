import { expect, test } from "bun:test";
import { readTracingSettings } from "./settings.ts";

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:4318" };

test("nothing is traced without an endpoint, or when the variables say so", () => {
  const off = [
    {},
    { OTEL_EXPORTER_OTLP_ENDPOINT: "" },
    { ...ENDPOINT, OTEL_SDK_DISABLED: "TRUE" },
    { ...ENDPOINT, OTEL_TRACES_EXPORTER: "none" },
  ];
  for (const env of off) expect(readTracingSettings(env, "a-service")).toBeUndefined();
});

test("an endpoint is enough: every trace is recorded under the service's name", () => {
  expect(readTracingSettings(ENDPOINT, "a-service")).toEqual({
    serviceName: "a-service",
    sampling: { parentBased: true, root: 1 },
    batch: {},
    warnings: [],
  });
});

test("the standard variables are heard", () => {
  const env = {
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://localhost:4318/v1/traces",
    OTEL_SERVICE_NAME: "orders",
    OTEL_TRACES_EXPORTER: "otlp",
    OTEL_TRACES_SAMPLER: "traceidratio",
    OTEL_TRACES_SAMPLER_ARG: "0.25",
    OTEL_BSP_SCHEDULE_DELAY: "100",
    OTEL_BSP_MAX_QUEUE_SIZE: "10000",
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
  };
  expect(readTracingSettings(env, "a-service")).toEqual({
    serviceName: "orders",
    sampling: { parentBased: false, root: 0.25 },
    batch: { scheduledDelayMillis: 100, maxQueueSize: 10_000 },
    warnings: [],
  });
});

test("each sampler of the specification is known", () => {
  const samplingOf = (OTEL_TRACES_SAMPLER: string) =>
    readTracingSettings(
      { ...ENDPOINT, OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG: ".1" },
      "a-service",
    )?.sampling;
  expect(samplingOf("always_on")).toEqual({ parentBased: false, root: 1 });
  expect(samplingOf("always_off")).toEqual({ parentBased: false, root: 0 });
  expect(samplingOf("parentbased_always_on")).toEqual({ parentBased: true, root: 1 });
  expect(samplingOf("parentbased_always_off")).toEqual({ parentBased: true, root: 0 });
  expect(samplingOf("parentbased_traceidratio")).toEqual({ parentBased: true, root: 0.1 });
});

test("a value that cannot be used is warned of, and counts as unset", () => {
  const env = {
    ...ENDPOINT,
    OTEL_EXPORTER_OTLP_ENDPOINT: "localhost:4318",
    OTEL_TRACES_SAMPLER: "jaeger_remote",
    OTEL_BSP_SCHEDULE_DELAY: "soon",
    OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
  };
  const settings = readTracingSettings(env, "a-service");
  expect(settings).toMatchObject({ sampling: { parentBased: true, root: 1 }, batch: {} });
  expect(settings?.warnings).toEqual([
    'OTEL_BSP_SCHEDULE_DELAY must be a whole number above 0; it is "soon"',
    'OTEL_EXPORTER_OTLP_ENDPOINT must be an http or https address; it is "localhost:4318"',
    'OTEL_EXPORTER_OTLP_PROTOCOL must be http/json; it is "grpc"',
    'OTEL_TRACES_SAMPLER must be a sampler of the specification; it is "jaeger_remote"',
  ]);
  for (const share of ["2", "-1", "half", "."]) {
    const ratio = { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: share };
    expect(readTracingSettings({ ...ENDPOINT, ...ratio }, "a-service")).toMatchObject({
      sampling: { root: 1 },
      warnings: [`OTEL_TRACES_SAMPLER_ARG must be from 0 to 1; it is "${share}"`],
    });
  }
});

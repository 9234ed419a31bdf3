/** The environment as `process.env` gives it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Which traces are recorded. With `parentBased`, `root` decides only where a trace begins here. */
export interface Sampling {
  parentBased: boolean;
  /** The share of traces, 0 to 1. */
  root: number;
}

/** How traces are recorded; what is not here (endpoint, headers, timeouts) the exporter reads. */
export interface TracingSettings {
  serviceName: string;
  sampling: Sampling;
  /** Of the batch span processor; what is undefined has its default. */
  batch: {
    scheduledDelayMillis?: number;
    maxQueueSize?: number;
    maxExportBatchSize?: number;
    exportTimeoutMillis?: number;
  };
  /** Settings that have no effect here, in words for the log. */
  warnings: string[];
}

const ENDPOINTS = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
const SAMPLERS = /^(parentbased_)?(always_on|always_off|traceidratio)$/;

/**
 * The standard variables of OpenTelemetry
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/); undefined
 * when nothing is to be traced: no endpoint is set, or they say so. By that specification a value
 * that cannot be used is warned of, and counts as unset, and so does an empty one.
 */
export function readTracingSettings(
  env: Environment,
  service: string,
): TracingSettings | undefined {
  const endpoint = ENDPOINTS.find((variable) => env[variable]);
  if (endpoint === undefined) return undefined;
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === "true") return undefined;
  if (env.OTEL_TRACES_EXPORTER === "none") return undefined;

  const warnings: string[] = [];
  const expect = (variable: string, expected: string) => {
    warnings.push(`${variable} must be ${expected}; it is ${JSON.stringify(env[variable])}`);
    return undefined;
  };
  const expectOnly = (variable: string, only: string) => {
    if (env[variable] && env[variable] !== only) expect(variable, only);
  };

  function whole(variable: string): number | undefined {
    const text = env[variable];
    if (!text) return undefined;
    return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : expect(variable, "a whole number above 0");
  }

  function sampling(): Sampling {
    const name = env.OTEL_TRACES_SAMPLER || "parentbased_always_on";
    const match = SAMPLERS.exec(name);
    if (match === null) expect("OTEL_TRACES_SAMPLER", "a sampler of the specification");
    const [, parentBased, kind] = match ?? [name, "parentbased_", "always_on"];
    const root = kind === "traceidratio" ? ratio() : kind === "always_on" ? 1 : 0;
    return { parentBased: parentBased !== undefined, root };
  }

  function ratio(): number {
    const text = env.OTEL_TRACES_SAMPLER_ARG;
    if (!text) return 1;
    const share = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
    return share <= 1 ? share : (expect("OTEL_TRACES_SAMPLER_ARG", "from 0 to 1") ?? 1);
  }

  const batch = {
    scheduledDelayMillis: whole("OTEL_BSP_SCHEDULE_DELAY"),
    maxQueueSize: whole("OTEL_BSP_MAX_QUEUE_SIZE"),
    maxExportBatchSize: whole("OTEL_BSP_MAX_EXPORT_BATCH_SIZE"),
    exportTimeoutMillis: whole("OTEL_BSP_EXPORT_TIMEOUT"),
  };
  if (!/^https?:/.test(env[endpoint] ?? "") || !URL.canParse(env[endpoint] ?? "")) {
    expect(endpoint, "an http or https address");
  }
  expectOnly("OTEL_TRACES_EXPORTER", "otlp");
  for (const variable of ["OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"]) {
    expectOnly(variable, "http/json");
  }
  return {
    serviceName: env.OTEL_SERVICE_NAME || service,
    sampling: sampling(),
    batch: Object.fromEntries(Object.entries(batch).filter(([, value]) => value !== undefined)),
    warnings,
  };
}

/** A span as a collector received it; attributes as plain values, times in milliseconds. */
export interface ReceivedSpan {
  /** `service.name` of its resource. */
  service: string;
  name: string;
  kind: "INTERNAL" | "SERVER" | "CLIENT" | "PRODUCER" | "CONSUMER";
  traceId: string;
  spanId: string;
  /** Undefined for the first span of a trace. */
  parentSpanId: string | undefined;
  startedAt: number;
  endedAt: number;
  attributes: Record<string, string | number | boolean>;
  links: { traceId: string; spanId: string }[];
  failed: boolean;
}

/** Where services send their traces to: OTLP over HTTP with JSON. */
export interface TraceCollector extends AsyncDisposable {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly endpoint: string;
  /** Everything received so far. */
  readonly spans: readonly ReceivedSpan[];
}

/** Starts a collector on a free port. `answer` decides what it says to a request; 200. */
export function startTraceCollector(answer: () => Response | Promise<Response> = ok) {
  const spans: ReceivedSpan[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      if (request.method !== "POST" || pathname !== "/v1/traces") {
        return new Response(null, { status: 404 });
      }
      const body = (await request.json()) as ExportRequest;
      const response = await answer();
      if (response.ok) spans.push(...readExport(body));
      return response;
    },
  });
  return {
    endpoint: `http://127.0.0.1:${server.port}`,
    spans,
    [Symbol.asyncDispose]: () => server.stop(true),
  } satisfies TraceCollector;
}

const ok = () => Response.json({});

/** The part of OTLP's JSON form that is read here. */
interface ExportRequest {
  resourceSpans: {
    resource: { attributes: KeyValue[] };
    scopeSpans: { spans: OtlpSpan[] }[];
  }[];
}

interface OtlpSpan {
  name: string;
  kind: number;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes?: KeyValue[];
  links?: { traceId: string; spanId: string }[];
  status?: { code?: number };
}

interface KeyValue {
  key: string;
  value: {
    stringValue?: string;
    intValue?: number | string;
    doubleValue?: number;
    boolValue?: boolean;
  };
}

const KINDS = ["INTERNAL", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"] as const;
const ERROR = 2;

function readExport({ resourceSpans }: ExportRequest): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(toRecord(resource.attributes)["service.name"]);
    return scopeSpans.flatMap((scope) => scope.spans.map((span) => toSpan(service, span)));
  });
}

function toSpan(service: string, span: OtlpSpan): ReceivedSpan {
  const { name, traceId, spanId, parentSpanId, links = [], attributes = [] } = span;
  return {
    service,
    name,
    kind: KINDS[span.kind] ?? "INTERNAL",
    traceId,
    spanId,
    parentSpanId: parentSpanId || undefined,
    startedAt: Number(span.startTimeUnixNano) / 1e6,
    endedAt: Number(span.endTimeUnixNano) / 1e6,
    attributes: toRecord(attributes),
    links: links.map((link) => ({ traceId: link.traceId, spanId: link.spanId })),
    failed: span.status?.code === ERROR,
  };
}

function toRecord(attributes: readonly KeyValue[]): ReceivedSpan["attributes"] {
  return Object.fromEntries(
    attributes.map(({ key, value: { stringValue, intValue, doubleValue, boolValue } }) => [
      key,
      stringValue ?? boolValue ?? doubleValue ?? (intValue === undefined ? "" : Number(intValue)),
    ]),
  );
}

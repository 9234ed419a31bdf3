import { isAppError } from "@order-outbox/errors";
import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { operation } from "../openapi/details.ts";

/** What one check found; any facts beside `ok` are shown in `/health`. */
export interface CheckResult {
  ok: boolean;
  [fact: string]: unknown;
}

/** Whether the broker can be reached, as far as the service knows. */
export type BrokerState = "up" | "down" | "unknown";

/** Whether HTTP requests are welcome. */
export type Readiness = "starting" | "ready" | "stopping";

/** Where the answers of {@link health} come from. */
export interface HealthOptions {
  service: string;
  readiness: () => Readiness;
  /** Shown, but an outage of the broker alone does not make a service fail. */
  broker?: () => BrokerState;
  /** All must be `ok`; one that throws or takes longer than `checkTimeoutMs` is not. */
  checks?: Record<string, () => CheckResult | Promise<CheckResult>>;
  /** Milliseconds, 2,000 when left out. */
  checkTimeoutMs?: number;
}

const HealthReport = Type.Object({
  status: Type.Union([Type.Literal("ok"), Type.Literal("failing")]),
  service: Type.String(),
  uptimeSeconds: Type.Integer(),
  broker: Type.Union([Type.Literal("up"), Type.Literal("down"), Type.Literal("unknown")]),
  checks: Type.Record(
    Type.String(),
    Type.Object({ ok: Type.Boolean() }, { additionalProperties: Type.Unknown() }),
  ),
});

const ReadinessReport = Type.Object({
  status: Type.Union([Type.Literal("starting"), Type.Literal("ready"), Type.Literal("stopping")]),
});

const headers = { "Cache-Control": Type.Literal("no-store") };

/**
 * `GET /health`: whether the service makes progress, 200 or 503 with every check's findings; a
 * supervisor restarts it on 503. `GET /ready`: whether it takes HTTP requests now, 200 or 503.
 */
export function health(options: HealthOptions) {
  const startedAt = performance.now();
  return new Elysia({ name: "health" })
    .get(
      "/health",
      async function getHealth({ status, set }) {
        set.headers["cache-control"] = "no-store";
        const checks = await runChecks(options);
        const failing = Object.values(checks).some((check) => !check.ok);
        return status(failing ? 503 : 200, {
          status: failing ? ("failing" as const) : ("ok" as const),
          service: options.service,
          uptimeSeconds: Math.floor((performance.now() - startedAt) / 1000),
          broker: options.broker?.() ?? ("unknown" as const),
          checks,
        });
      },
      {
        response: { 200: HealthReport, 503: HealthReport },
        detail: operation({
          summary: "Whether the service makes progress",
          tags: ["operations"],
          ignoresQuery: true,
          answers: {
            200: { description: "It does", body: HealthReport, headers },
            503: {
              description: "It does not; a supervisor restarts it",
              body: HealthReport,
              headers,
            },
          },
        }),
      },
    )
    .get(
      "/ready",
      function getReadiness({ status, set }) {
        set.headers["cache-control"] = "no-store";
        const readiness = options.readiness();
        return status(readiness === "ready" ? 200 : 503, { status: readiness });
      },
      {
        response: { 200: ReadinessReport, 503: ReadinessReport },
        detail: operation({
          summary: "Whether the service takes requests now",
          tags: ["operations"],
          ignoresQuery: true,
          answers: {
            200: { description: "It does", body: ReadinessReport, headers },
            503: { description: "It is starting or stopping", body: ReadinessReport, headers },
          },
        }),
      },
    );
}

async function runChecks({ checks = {}, checkTimeoutMs = 2_000 }: HealthOptions) {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      return [name, await runCheck(check, checkTimeoutMs)] as const;
    }),
  );
  return Object.fromEntries(results);
}

async function runCheck(
  check: () => CheckResult | Promise<CheckResult>,
  timeoutMs: number,
): Promise<CheckResult> {
  const { promise: timedOut, resolve } = Promise.withResolvers<CheckResult>();
  const timer = setTimeout(
    () => resolve({ ok: false, message: `no answer within ${timeoutMs} ms` }),
    timeoutMs,
  );
  try {
    return await Promise.race([check(), timedOut]);
  } catch (error) {
    // Anybody may ask, and what another's error says may name files.
    return isAppError(error)
      ? { ok: false, code: error.code, message: error.message }
      : { ok: false, code: "INTERNAL", message: "the check itself failed" };
  } finally {
    clearTimeout(timer);
  }
}

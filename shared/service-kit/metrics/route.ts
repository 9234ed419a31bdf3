import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { operation } from "../openapi/details.ts";
import type { Metrics } from "./metrics.ts";

/** `GET /metrics`: everything that a service measures, for Prometheus. */
export function metricsRoute(metrics: Metrics) {
  return new Elysia({ name: "metrics" }).get(
    "/metrics",
    async function getMetrics() {
      const { text, contentType } = await metrics.scrape();
      return new Response(text, {
        headers: { "content-type": contentType, "cache-control": "no-store" },
      });
    },
    {
      detail: operation({
        summary: "What the service measures, for Prometheus",
        tags: ["operations"],
        ignoresQuery: true,
        answers: {
          200: {
            description: "The Prometheus text format 0.0.4",
            text: ["text/plain"],
            headers: { "Cache-Control": Type.Literal("no-store") },
          },
        },
      }),
    },
  );
}

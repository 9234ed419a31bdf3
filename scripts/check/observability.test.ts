import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { SERVICES } from "@order-outbox/registry";
import { FAULTS } from "../observability/faults.ts";
import { metricNamesIn } from "./promql-names.ts";

const ROOT = resolve(import.meta.dir, "../..");
const FOLDER = join(ROOT, "scripts/observability");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

interface Rule {
  alert: string;
  expr: string;
  annotations: { runbook_url: string };
}

const page = read("docs/operations.md");
const rules = (
  Bun.YAML.parse(read("scripts/observability/alerts.yml")) as { groups: { rules: Rule[] }[] }
).groups.flatMap((group) => group.rules);

/** What the page documents is what /metrics has; another test holds them together. */
const types = new Map(
  [...page.matchAll(/^\| `(\w+)` \| (counter|gauge|histogram) \|/gm)].map(([, name, type]) => [
    name ?? "",
    type,
  ]),
);

function isKnown(name: string): boolean {
  const type = types.get(name);
  if (type !== undefined) return type !== "histogram";
  return name === "up" || types.get(name.replace(/_(bucket|sum|count)$/, "")) === "histogram";
}

/** Every `expr` of the dashboards, however deep. */
function expressionsIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "expr" && typeof inner === "string" ? [inner] : expressionsIn(inner),
  );
}

const dashboards = readdirSync(FOLDER, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".json"))
  .map((path) => ({
    path,
    expressions: expressionsIn(JSON.parse(readFileSync(join(FOLDER, path), "utf8"))),
  }));

test("the metrics of an expression are told from its functions, labels and words", () => {
  const expression =
    'sum by (topic) (rate(a_total{x="b_total"}[5m])) / on(y) c_seconds or max(d) > 1e3 and up == 0';
  expect(metricNamesIn(expression)).toEqual(["a_total", "c_seconds", "d", "up"]);
  expect(metricNamesIn("histogram_quantile(0.99, sum by (le) (rate(h_bucket[1m])))")).toEqual([
    "h_bucket",
  ]);
});

test("every metric that an alert reads exists", () => {
  expect(rules.length).toBeGreaterThan(5);
  for (const { alert, expr } of rules) {
    const names = metricNamesIn(expr);
    expect([alert, names.length > 0, names.filter((name) => !isKnown(name))]).toEqual([
      alert,
      true,
      [],
    ]);
  }
});

test("every metric that a dashboard reads exists", () => {
  expect(dashboards).toHaveLength(4);
  for (const { path, expressions } of dashboards) {
    const unknown = expressions.flatMap(metricNamesIn).filter((name) => !isKnown(name));
    expect([path, expressions.length > 0, unknown]).toEqual([path, true, []]);
  }
});

test("Prometheus asks every service", () => {
  const { scrape_configs: jobs } = Bun.YAML.parse(read("scripts/observability/prometheus.yml")) as {
    scrape_configs: { static_configs: { targets: string[] }[] }[];
  };
  const targets = jobs.flatMap((job) => job.static_configs.flatMap((one) => one.targets));
  expect(targets).toEqual(SERVICES.map(({ name, port }) => `${name}:${port}`));
});

test("every alert has its section in docs/operations.md", () => {
  for (const { alert, annotations } of rules) {
    expect(page).toContain(`\n### ${alert}\n`);
    expect(annotations.runbook_url).toBe(`docs/operations.md#${alert.toLowerCase()}`);
  }
});

test("every alert has a fault under which it is proved", () => {
  expect(FAULTS.flatMap(({ alerts }) => alerts).toSorted()).toEqual(
    rules.map(({ alert }) => alert).toSorted(),
  );
});

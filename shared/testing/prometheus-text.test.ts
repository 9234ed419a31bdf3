import { expect, test } from "bun:test";
import { metricValue, parseMetrics } from "./prometheus-text.ts";

const HEAD = "# HELP a_total some\n# TYPE a_total counter\n";
const BUCKETS = "# HELP h some\n# TYPE h histogram\n";

test("labels are read with their escapes, and sums go over the labels that are not named", () => {
  const metrics = parseMetrics(
    `${HEAD}a_total{x="1",y="q\\"\\\\\\n"} 2\na_total{x="2",y=""} 3.5\n`,
  );
  expect(metrics.get("a_total")?.samples[0]?.labels).toEqual({ x: "1", y: 'q"\\\n' });
  expect(metricValue(metrics, "a_total")).toBe(5.5);
  expect(metricValue(metrics, "a_total", { x: "2" })).toBe(3.5);
  expect(metricValue(metrics, "a_total", { x: "3" })).toBeUndefined();
});

test("a histogram that adds up is read", () => {
  const text = `${BUCKETS}h_bucket{le="1"} 1\nh_bucket{le="+Inf"} 2\nh_sum 7\nh_count 2\n`;
  expect(metricValue(parseMetrics(text), "h_count")).toBe(2);
});

test.each([
  ["without its HELP", "# TYPE a_total counter\na_total 1\n"],
  ["without its TYPE", "a_total 1\n"],
  ["that comes twice", `${HEAD}a_total 1\na_total 2\n`],
  ["outside its metric", `${HEAD}b_total 1\n`],
  ["that is no number", `${HEAD}a_total NaN\n`],
  ["with a label that is not closed", `${HEAD}a_total{x="1} 2\n`],
  ["with an unknown escape", `${HEAD}a_total{x="\\t"} 2\n`],
  ["whose line does not end", `${HEAD}a_total 1`],
  ["of a counter without _total", "# HELP a some\n# TYPE a counter\na 1\n"],
  ["of a gauge with _total", "# HELP a_total some\n# TYPE a_total gauge\na_total 1\n"],
  [
    "of buckets that fall",
    `${BUCKETS}h_bucket{le="1"} 3\nh_bucket{le="+Inf"} 2\nh_sum 7\nh_count 2\n`,
  ],
  ["of a histogram without +Inf", `${BUCKETS}h_bucket{le="1"} 2\nh_sum 7\nh_count 2\n`],
  ["of a histogram without a sum", `${BUCKETS}h_bucket{le="+Inf"} 2\nh_count 2\n`],
])("a sample %s is refused", (_name, text) => {
  expect(() => parseMetrics(text)).toThrow();
});

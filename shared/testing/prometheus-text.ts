/** One series of a metric. */
export interface Sample {
  /** With the suffix `_bucket`, `_sum` or `_count` of a histogram. */
  name: string;
  labels: Readonly<Record<string, string>>;
  value: number;
}

/** A metric with its series. */
export interface MetricFamily {
  name: string;
  type: string;
  help: string;
  samples: readonly Sample[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)/y;
const TYPES = ["counter", "gauge", "histogram", "summary", "untyped"];
const SUFFIXES = ["_bucket", "_sum", "_count"];

/**
 * Reads the Prometheus text format 0.0.4 and refuses what a careful reader would: a metric without
 * HELP and TYPE, scattered or repeated series, a value that is no number, histograms that do not add
 * up, and names against the conventions (https://prometheus.io/docs/practices/naming/).
 *
 * @throws Error that says what is wrong, with the line
 */
export function parseMetrics(text: string): Map<string, MetricFamily> {
  const families = new Map<string, MetricFamily & { samples: Sample[] }>();
  const seen = new Set<string>();
  let help: { name: string; text: string } | undefined;
  let family: (MetricFamily & { samples: Sample[] }) | undefined;
  if (!text.endsWith("\n")) throw new Error("the last line does not end");
  for (const line of text.slice(0, -1).split("\n")) {
    const fail = (reason: string): never => {
      throw new Error(`${reason}: ${line}`);
    };
    if (line === "") continue;
    const [, kind, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (kind === "HELP") {
      help = { name, text: rest };
    } else if (kind === "TYPE") {
      if (help?.name !== name) fail("TYPE without HELP before it");
      if (!NAME.test(name) || !TYPES.includes(rest)) fail("not a name and a type");
      if (families.has(name)) fail("the metric comes twice");
      if ((rest === "counter") !== name.endsWith("_total")) fail("only counters end with _total");
      family = { name, type: rest, help: help?.text ?? "", samples: [] };
      families.set(name, family);
    } else {
      const sample = readSample(line) ?? fail("not a sample");
      if (family === undefined || !belongs(sample.name, family)) {
        return fail("a sample outside its metric");
      }
      const series = `${sample.name}${JSON.stringify(Object.entries(sample.labels).toSorted())}`;
      if (seen.has(series)) fail("the series comes twice");
      seen.add(series);
      family.samples.push(sample);
    }
  }
  for (const { type, name, samples } of families.values()) {
    if (type === "histogram") checkHistogram(name, samples);
  }
  return families;
}

function readSample(line: string): Sample | undefined {
  const [, name = "", inner = "", text = ""] = SAMPLE.exec(line) ?? [];
  const value = text === "+Inf" ? Number.POSITIVE_INFINITY : Number(text);
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  for (let at = 0; at < inner.length; at = LABEL.lastIndex) {
    const [, label, quoted = ""] = LABEL.exec(inner) ?? [];
    if (label === undefined || Object.hasOwn(labels, label)) return undefined;
    labels[label] = JSON.parse(`"${quoted}"`) as string;
  }
  return name === "" || Number.isNaN(value) ? undefined : { name, labels, value };
}

function belongs(sample: string, { name, type }: MetricFamily): boolean {
  if (type !== "histogram") return sample === name;
  return SUFFIXES.some((suffix) => sample === name + suffix);
}

/** Each series' buckets rise up to `+Inf`, which is its count. */
function checkHistogram(name: string, samples: readonly Sample[]): void {
  const counts = samples.filter((sample) => sample.name === `${name}_count`);
  for (const count of counts) {
    const own = (sample: Sample) =>
      Object.entries(count.labels).every(([label, value]) => sample.labels[label] === value);
    const buckets = samples.filter((sample) => sample.name === `${name}_bucket` && own(sample));
    const bounds = buckets.map(({ labels }) => Number(labels.le?.replace("+Inf", "Infinity")));
    const values = buckets.map(({ value }) => value);
    const rising = (list: number[]) =>
      list.every((value, i) => i === 0 || value >= (list[i - 1] ?? 0));
    if (!rising(bounds) || !rising(values) || values.at(-1) !== count.value) {
      throw new Error(`the buckets of ${name} do not add up: ${JSON.stringify(count.labels)}`);
    }
    if (bounds.at(-1) !== Number.POSITIVE_INFINITY) throw new Error(`${name} has no +Inf bucket`);
    if (!samples.some((sample) => sample.name === `${name}_sum` && own(sample))) {
      throw new Error(`${name} has no sum`);
    }
  }
}

/**
 * The value of one series, or the sum of all that have these labels; undefined when there is none.
 */
export function metricValue(
  families: ReadonlyMap<string, MetricFamily>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const family = families.get(name) ?? families.get(name.replace(/_(count|sum|bucket)$/, ""));
  const found = (family?.samples ?? []).filter(
    (sample) =>
      sample.name === name &&
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  );
  return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
}

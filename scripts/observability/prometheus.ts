import { join } from "node:path";
import { freePort, startProcess, waitFor } from "@order-outbox/testing";

/** A running Prometheus with the rules of alerts.yml, each `for` shortened. */
export interface TestPrometheus extends AsyncDisposable {
  /** The alerts that fire now. */
  firing(): Promise<Set<string>>;
}

/** What the rules are allowed to take instead of their minutes. */
const SHORT = "2s";

/**
 * Starts the `prometheus` in the path, with its files in `folder`.
 *
 * @param targets `host:port` of what to scrape
 */
export async function startPrometheus(folder: string, targets: string[]): Promise<TestPrometheus> {
  const rules = await Bun.file(join(import.meta.dir, "alerts.yml")).text();
  await Bun.write(join(folder, "alerts.yml"), rules.replace(/(?<=\bfor: )\S+/g, SHORT));
  const config = {
    global: { scrape_interval: "1s", evaluation_interval: "1s" },
    rule_files: ["alerts.yml"],
    scrape_configs: [{ job_name: "order-outbox", static_configs: [{ targets }] }],
  };
  await Bun.write(join(folder, "prometheus.yml"), JSON.stringify(config));
  const port = await freePort();
  const child = startProcess([
    "prometheus",
    `--config.file=${join(folder, "prometheus.yml")}`,
    `--storage.tsdb.path=${join(folder, "tsdb")}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]);
  const url = `http://127.0.0.1:${port}`;
  await waitFor(async () => (await fetch(`${url}/-/ready`)).ok, { what: "Prometheus to be ready" });
  return {
    async firing() {
      const response = await fetch(`${url}/api/v1/alerts`);
      const { data } = (await response.json()) as {
        data: { alerts: { state: string; labels: { alertname: string } }[] };
      };
      const firing = data.alerts.filter(({ state }) => state === "firing");
      return new Set(firing.map(({ labels }) => labels.alertname));
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

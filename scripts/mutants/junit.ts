/** What a JUnit report says of one test. */
export interface TestResult {
  name: string;
  outcome: "passed" | "skipped" | "failed";
  /** Of a failure: the class of what was thrown; `TimeoutError` when the runner's patience ended. */
  type: string;
  message: string;
}

const CASE = /<testcase name="([^"]*)"[^>]*?(?:\/>|>([\s\S]*?)<\/testcase>)/g;

/** Reads the report of `bun test --reporter=junit`. */
export function readJunit(xml: string): TestResult[] {
  return [...xml.matchAll(CASE)].map(([, name = "", inner = ""]) => {
    const failure = /<(?:failure|error)\b([^>]*)>/.exec(inner)?.[1];
    const attribute = (key: string) =>
      unescapeXml(new RegExp(`\\b${key}="([^"]*)"`).exec(failure ?? "")?.[1] ?? "");
    const outcome =
      failure !== undefined ? "failed" : inner.includes("<skipped") ? "skipped" : "passed";
    return {
      name: unescapeXml(name),
      outcome,
      type: attribute("type"),
      message: attribute("message"),
    };
  });
}

const ENTITIES: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  amp: "&",
};

function unescapeXml(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal, hex, entity) => {
    if (decimal) return String.fromCodePoint(Number(decimal));
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16));
    return ENTITIES[entity] ?? whole;
  });
}

import type { OpenApiDocument, OperationObject } from "./objects.ts";

const { escapeHTML } = Bun;
const json = (value: unknown) => `<pre>${escapeHTML(JSON.stringify(value, null, 2))}</pre>`;

/** The document as one page of plain HTML: no scripts, and nothing to load from anywhere. */
export function renderPage({ info, paths, components }: OpenApiDocument): string {
  const title = escapeHTML(info.title);
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => renderOperation(method, path, operation)),
  );
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) => `<details><summary>${escapeHTML(name)}</summary>${json(schema)}</details>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<meta name="viewport" content="width=device-width">
<style>
  body { font: 16px/1.5 system-ui; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
  :root { color-scheme: light dark }
  summary { cursor: pointer; padding: .25rem 0 }
  pre { overflow-x: auto; font-size: 13px }
  td { vertical-align: top; padding: 0 1rem .25rem 0 }
</style></head><body>
<h1>${title} ${escapeHTML(info.version)}</h1>
${escapeHTML(info.description)
  .split("\n\n")
  .map((paragraph) => `<p>${paragraph}</p>`)
  .join("\n")}
<p><a href="/openapi/json">OpenAPI 3.1 as JSON</a></p>
<h2>Operations</h2>
${operations.join("\n")}
<h2>Schemas</h2>
${schemas.join("\n")}
</body></html>
`;
}

function renderOperation(method: string, path: string, operation: OperationObject): string {
  const { summary, description, parameters = [], requestBody, responses } = operation;
  const rows = Object.entries(responses).map(
    ([status, response]) =>
      `<tr><td>${status}</td><td>${escapeHTML(response.description)}</td></tr>`,
  );
  const inputs = parameters.map(
    ({ name, in: place, required, schema }) =>
      `<tr><td>${escapeHTML(name)}</td><td>${place}${required ? ", required" : ""}</td>` +
      `<td>${escapeHTML(String(schema.description ?? schema.type ?? ""))}</td></tr>`,
  );
  return `<details><summary><b>${method.toUpperCase()}</b> <code>${escapeHTML(path)}</code> ${escapeHTML(summary)}</summary>
${description === undefined ? "" : `<p>${escapeHTML(description)}</p>`}
${inputs.length === 0 ? "" : `<table>${inputs.join("")}</table>`}
${requestBody === undefined ? "" : json(requestBody.content)}
<table>${rows.join("")}</table></details>`;
}

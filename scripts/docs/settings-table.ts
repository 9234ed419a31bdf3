import { existsSync } from "node:fs";
import { join } from "node:path";
import { SERVICES } from "@order-outbox/registry";
import { expectedOf, notesOf } from "@order-outbox/service-kit";
import { REPOSITORY } from "@order-outbox/testing";
import { KindGuard, type TObject, type TSchema } from "@sinclair/typebox";

/** One variable, with its schema in each service that reads it. */
interface Variable {
  name: string;
  schemas: { service: string; schema: TSchema }[];
}

/** The settings of docs/operations.md as the code has them: what every service reads first, then what fewer do. */
export async function settingsTable(): Promise<string> {
  const services = await readServices();
  const names = new Set(services.flatMap(({ settings }) => Object.keys(settings.properties)));
  const variables = [...names].map(
    (name): Variable => ({
      name,
      schemas: services.flatMap(({ service, settings: { properties } }) => {
        const schema = properties[name];
        return schema === undefined ? [] : [{ service, schema }];
      }),
    }),
  );
  const rows = variables
    .toSorted((a, b) => b.schemas.length - a.schemas.length)
    .map((variable) => rowOf(variable, services.length));
  return `| variable | of | default | must be | meaning |\n|---|---|---|---|---|\n${rows.join("")}`;
}

/** The settings that the config.ts of each service exports, where it has one. */
function readServices(): Promise<{ service: string; settings: TObject }[]> {
  const fileOf = (folder: string) => join(REPOSITORY, folder, "src/config.ts");
  return Promise.all(
    SERVICES.filter(({ folder }) => existsSync(fileOf(folder))).map(async ({ name, folder }) => {
      const file = fileOf(folder);
      const exports: object = await import(file);
      const settings = Object.values(exports).find(KindGuard.IsObject);
      if (settings === undefined) throw new Error(`${file} exports no settings`);
      return { service: name.replace(/-service$/, ""), settings };
    }),
  );
}

function rowOf({ name, schemas }: Variable, services: number): string {
  const [first] = schemas;
  if (first === undefined) return "";
  const { schema } = first;
  const readers =
    schemas.length === services ? "all" : schemas.map(({ service }) => service).join(", ");
  const meaning = `${schema.description}${notesOf(schema).secret ? " Never shown or logged." : ""}`;
  const cells = [`\`${name}\``, readers, defaultsOf(schemas), expectedOf(schema), meaning];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
}

function defaultsOf(schemas: Variable["schemas"]): string {
  const defaults = schemas.map(({ schema }) =>
    schema.default === undefined ? "" : schema.default === "" ? "empty" : `\`${schema.default}\``,
  );
  return [...new Set(defaults)].join(", ");
}

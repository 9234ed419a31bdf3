import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

interface Described {
  headers?: Record<string, object>;
  content?: Record<string, object>;
}

const validator = new Validator();

/** An OpenAPI 3.1 document, as far as answers are held to it. */
export interface ApiDocument {
  paths: Record<string, Record<string, ApiOperation>>;
}

/** One method of one path. */
export interface ApiOperation {
  operationId: string;
  summary: string;
  responses: Record<string, Described>;
}

/** Holds answers to what a document says about them. */
export interface ApiContract {
  readonly document: ApiDocument;
  /** What is wrong with an answer: to `GET /api/orders/{orderId}`, for example. Reads its body. */
  check(operation: string, response: Response): Promise<string[]>;
}

/**
 * Reads an OpenAPI 3.1 document.
 *
 * @throws Error when it is not valid by the schema of OpenAPI
 */
export async function openApiContract(document: ApiDocument): Promise<ApiContract> {
  const { valid, errors } = await validator.validate({ ...structuredClone(document) });
  if (!valid) throw new Error(`not an OpenAPI document: ${JSON.stringify(errors)}`);
  const ajv = jsonSchemas();
  ajv.addSchema(document, "document");

  function problemsOf(value: unknown, ...path: string[]): string[] {
    const pointer = path.map((part) => part.replaceAll("~", "~0").replaceAll("/", "~1"));
    const $ref = `document#/${pointer.map(encodeURIComponent).join("/")}`;
    const check = ajv.getSchema($ref) ?? ajv.compile({ $ref });
    return check(value) ? [] : [`${path.at(-2)}: ${ajv.errorsText(check.errors)}`];
  }

  return {
    document,
    async check(operation, response) {
      const text = await response.text();
      const [method = "", path = ""] = operation.split(" ");
      const place = ["paths", path, method.toLowerCase(), "responses", String(response.status)];
      const described = document.paths[path]?.[method.toLowerCase()]?.responses[response.status];
      if (described === undefined) return [`${operation} has no answer ${response.status}`];
      const { headers = {}, content = {} } = described;
      const mediaType = response.headers.get("content-type")?.split(";")[0] ?? "";
      if (content[mediaType] === undefined) return [`${operation} has no ${mediaType}`];
      const value = mediaType.endsWith("json") ? JSON.parse(text) : text;
      return [
        ...problemsOf(value, ...place, "content", mediaType, "schema"),
        ...Object.entries(headers).flatMap(([name, header]) => {
          const given = response.headers.get(name);
          if ("$ref" in header || !("required" in header)) return [];
          if (given === null) return header.required ? [`${operation} lacks ${name}`] : [];
          return problemsOf(given, ...place, "headers", name, "schema");
        }),
      ];
    },
  };
}

/** A validator of plain JSON Schema 2020-12 that knows formats. */
export function jsonSchemas(): Ajv2020 {
  // By division of floating-point numbers 99.99 would be no multiple of 0.01.
  const ajv = new Ajv2020({ strict: false, allErrors: true, multipleOfPrecision: 6 });
  addFormats.default(ajv);
  return ajv;
}

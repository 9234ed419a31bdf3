import type { JsonSchema } from "@order-outbox/events";
import type { Link } from "./details.ts";

/** What an API is called. */
export interface ApiInfo {
  title: string;
  version: string;
  description: string;
}

export interface HeaderObject {
  description?: string;
  required: boolean;
  schema: JsonSchema;
}

interface MediaType {
  schema?: JsonSchema;
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
}

export interface ParameterObject {
  name: string;
  in: "path" | "query" | "header";
  required: boolean;
  schema: JsonSchema;
}

export interface ResponseObject {
  description: string;
  headers?: Record<string, HeaderObject | { $ref: string }>;
  content?: Record<string, MediaType>;
  links?: Readonly<Record<string, Link>>;
}

export interface OperationObject {
  operationId: string;
  summary: string;
  description?: string;
  tags: string[];
  security?: Record<string, string[]>[];
  parameters?: ParameterObject[];
  requestBody?: { required: boolean; content: Record<string, MediaType> };
  responses: Record<string, ResponseObject>;
}

/** The parts of OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.1) that are used here. */
export interface OpenApiDocument {
  openapi: "3.1.1";
  info: ApiInfo;
  servers: { url: string }[];
  tags: { name: string }[];
  paths: Record<string, Record<string, OperationObject>>;
  components: {
    schemas: Record<string, JsonSchema>;
    responses: Record<string, ResponseObject>;
    headers: Record<string, HeaderObject>;
    securitySchemes?: Record<string, object>;
  };
}

import type { ErrorCode } from "@order-outbox/errors";
import type { TSchema } from "@sinclair/typebox";
import type { DocumentDecoration } from "elysia";

/** Headers by name; one that is `Type.Optional` need not be there. */
export type HeaderSchemas = Readonly<Record<string, TSchema>>;

/** An answer that is no error. */
export interface Answer {
  description: string;
  /** Of a JSON body. Published only: unlike Elysia's `response` it costs a request nothing. */
  body?: TSchema;
  /** The media types of a body that is text. */
  text?: readonly string[];
  headers?: HeaderSchemas;
  /** Operations that the answer leads to, with runtime expressions for their parameters. */
  links?: Readonly<Record<string, Link>>;
}

/** See https://spec.openapis.org/oas/v3.1.1#link-object. */
export interface Link {
  operationId: string;
  parameters: Readonly<Record<string, string>>;
}

/** What a route tells its document beside the schemas that it validates with. */
export interface OperationDetails {
  summary: string;
  description?: string;
  tags: string[];
  /** Request headers that the handler reads. */
  headers?: HeaderSchemas;
  /** By status. */
  answers: Readonly<Record<number, Answer>>;
  /** Names in its query are no errors, as where probes and browsers add their own. */
  ignoresQuery?: boolean;
  /**
   * The errors that the handler may answer, beside those that every body, query or path can cause.
   * `UNAUTHORIZED` says that the admin token is needed.
   */
  problems?: readonly ErrorCode[];
}

/** What a route may answer that writes to the database. */
export const WRITE_PROBLEMS = [
  "OVERLOADED",
  "SHUTTING_DOWN",
  "STORAGE_FULL",
  "STORAGE_BUSY",
  "STORAGE_LOST",
  "STORAGE_READONLY",
] as const satisfies readonly ErrorCode[];

/** A route's `detail`. */
export function operation(details: OperationDetails): OperationDetails & DocumentDecoration {
  return details;
}

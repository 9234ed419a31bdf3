import type { Broker } from "../broker.ts";
import type { Codec } from "../wire/codec.ts";
import { KAFKA_ERRORS, KafkaError, type KafkaErrorCode } from "../wire/error-codes.ts";
import type { ApiName } from "./api-name.ts";

/** Who asks, and what the request is carried out with. */
export interface RequestContext {
  readonly broker: Broker;
  readonly version: number;
  readonly clientId: string;
  /** As Kafka writes it: `/127.0.0.1`. */
  readonly clientHost: string;
  /** Aborted when the connection is gone. */
  readonly signal: AbortSignal;
  /** The error that a test wants this partition to be answered with. */
  refusal(topic: string, partition: number): KafkaErrorCode | undefined;
}

/** One API of the protocol: how it looks on the wire and what it does. */
export interface ApiDefinition<Request, Response> {
  readonly key: number;
  readonly name: ApiName;
  readonly minVersion: number;
  readonly maxVersion: number;
  /** The first version with compact lengths and tagged fields (KIP-482), of those served. */
  readonly firstFlexible?: number;
  /** Announced instead of `minVersion`, for clients that conclude something from it. */
  readonly announcedMinVersion?: number;
  readonly request: Codec<Request>;
  readonly response: Codec<Response>;
  /** Null: the client wants no answer. A KafkaError that is thrown is answered by `fail`. */
  handle(request: Request, context: RequestContext): Promise<Response | null> | Response | null;
  /** The answer that says nothing but `errorCode`, everywhere it can be said. */
  fail(request: Request, errorCode: KafkaErrorCode): Response;
}

/** An API of whatever messages, as the registry holds it. */
export type Api = ApiDefinition<unknown, unknown>;

/** Infers the types of a definition from its codecs. */
export function defineApi<Request, Response>(
  definition: ApiDefinition<Request, Response>,
): ApiDefinition<Request, Response> {
  return definition;
}

/** The code for what a handler threw; what is not a protocol error is the operator's to know. */
export function errorCodeOf(error: unknown, broker: Pick<Broker, "warn">): KafkaErrorCode {
  if (error instanceof KafkaError) return error.code;
  broker.warn("a request failed unexpectedly", error);
  return KAFKA_ERRORS.UNKNOWN_SERVER_ERROR;
}

/** Runs `work` for one item of a request and puts what went wrong into that item's answer. */
export async function outcomeOf(
  broker: Pick<Broker, "warn">,
  work: () => void | Promise<void>,
): Promise<{ errorCode: KafkaErrorCode; errorMessage: string | null }> {
  try {
    await work();
    return { errorCode: KAFKA_ERRORS.NONE, errorMessage: null };
  } catch (error) {
    const errorMessage = error instanceof KafkaError ? error.message : null;
    return { errorCode: errorCodeOf(error, broker), errorMessage };
  }
}

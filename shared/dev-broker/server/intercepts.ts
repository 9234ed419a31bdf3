import type { ApiName } from "../apis/api-name.ts";
import { KAFKA_ERRORS, type KafkaErrorName } from "../wire/error-codes.ts";

/** A request that an intercept gets to see. */
export interface InterceptedRequest {
  readonly api: ApiName;
  readonly version: number;
  readonly clientId: string;
  /** The request as it was read; its fields are named like in the protocol's definitions. */
  readonly body: unknown;
}

/** What to do to a request instead of carrying it out. */
export type Fault =
  /**
   * Answers with an error. With `topic` (and `partition`) only these parts of a Produce, Fetch,
   * ListOffsets or Metadata are refused, and the rest is carried out.
   */
  | { readonly error: KafkaErrorName; readonly topic?: string; readonly partition?: number }
  /** Closes the connection, before the request was carried out or after, its answer lost. */
  | { readonly disconnect: "before" | "after" }
  /** Leaves the connection open and the request unanswered, carried out or not. */
  | { readonly silence: "before" | "after" };

/**
 * Sees a request before it is carried out. Undefined lets it through; a fault changes what
 * happens; a promise of either delays the request, and what follows it on its connection.
 */
export type Intercept = (
  request: InterceptedRequest,
) => Fault | undefined | Promise<Fault | undefined>;

export interface InterceptOptions {
  /** How many faults it may cause before it is removed. Default 1. */
  readonly times?: number;
}

/** The intercepts of a broker, in the order in which they were added. */
export class Intercepts {
  readonly #entries = new Set<{ api: ApiName; intercept: Intercept; left: number }>();

  /** Adds one until it is disposed of or has caused its faults. */
  add(api: ApiName, intercept: Intercept, { times = 1 }: InterceptOptions = {}): Disposable {
    const entry = { api, intercept, left: times };
    this.#entries.add(entry);
    return { [Symbol.dispose]: () => this.#entries.delete(entry) };
  }

  /** The first fault that an intercept has for this request. */
  async faultFor(request: InterceptedRequest): Promise<Fault | undefined> {
    for (const entry of this.#entries) {
      if (entry.api !== request.api) continue;
      const fault = await entry.intercept(request);
      if (!fault || entry.left <= 0) continue;
      entry.left -= 1;
      if (entry.left <= 0) this.#entries.delete(entry);
      return fault;
    }
    return undefined;
  }
}

/** The error that `fault` has for one partition; -1 stands for the topic as a whole. */
export function refusalOf(fault: Fault | undefined, topic: string, partition: number) {
  if (fault === undefined || !("error" in fault) || fault.topic !== topic) return undefined;
  const matches =
    fault.partition === undefined || partition === -1 || fault.partition === partition;
  return matches ? KAFKA_ERRORS[fault.error] : undefined;
}

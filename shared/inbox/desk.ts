import type { HeldState } from "./held-rules.ts";

/** A held event as operators see it; times are ISO 8601, UTC. */
export interface HeldItem {
  id: number;
  state: HeldState;
  eventId: string | null;
  eventType: string | null;
  key: string | null;
  topic: string;
  partition: number;
  offset: number;
  attempts: number;
  errorCode: string;
  lastError: string;
  heldAt: string;
  nextAttemptAt: string | null;
}

export interface HeldFilter {
  state?: HeldState | undefined;
  key?: string | undefined;
  /** Only events that were held after this one. */
  afterId?: number | undefined;
}

/** How a request of an operator stands. */
export interface RequestItem {
  id: number;
  kind: string;
  target: unknown;
  reason: string | null;
  requestedAt: string;
  finishedAt: string | null;
  outcome: unknown;
}

/** What an operator may do with held events; the service carries requests out within seconds. */
export interface HeldDesk {
  /** In the order in which they were held. */
  list(filter: HeldFilter, limit: number): Promise<HeldItem[]>;
  find(id: number): Promise<(HeldItem & { headers: unknown; payload: string | null }) | undefined>;
  /**
   * Asks for a held event, or all of a key, to be tried again. Resolves with the request's id.
   *
   * @throws AppError NOT_FOUND when nothing of the kind is held
   */
  redrive(which: { id: number } | { key: string }): Promise<number>;
  /** @throws AppError NOT_FOUND when there is no such held event */
  discard(id: number, reason: string): Promise<number>;
  findRequest(id: number): Promise<RequestItem | undefined>;
}

import type { KafkaSecurity } from "@order-outbox/kafka";
import type { RelayStatus } from "./relay-types.ts";

/** A relay's status, and what its worker sees of the rows that wait. */
export interface OutboxStatus extends RelayStatus {
  /** How long one and the same row has been the oldest that waits, in ms; 0 when none does. */
  pendingForMs: number;
}

/** What a worker is started with. Plain data, because it crosses threads. */
export interface OutboxWorkerSettings {
  /** Where the outbox is, for the `openOutbox` that the worker serves with: a path or an address. */
  database: string;
  brokers: string[];
  /** What the cluster asks of its clients; nothing when it is left out. */
  security?: KafkaSecurity;
  /** Whether topics that are missing are created; true. */
  createTopics?: boolean;
  clientId: string;
  /** The topics that this outbox publishes to, with partition counts for creating them. */
  topics: Record<string, number>;
  /** `ce_source` of everything that it publishes. */
  source: string;
  /** Milliseconds between looks at the table that nobody asked for. */
  pollMs: number;
  /** The longest delay in milliseconds between attempts while the broker takes nothing. */
  backoffCapMs: number;
  /** Milliseconds between the worker's signs of life, each with its status; 2,000. */
  heartbeatMs?: number;
}

/** From the service's main thread to its outbox worker. */
export type ToWorker =
  | { type: "start"; settings: OutboxWorkerSettings }
  | { type: "wake" }
  | { type: "stop" };

export type LogLevel = "debug" | "info" | "warn" | "error";

/** From the outbox worker to its service's main thread. */
export type FromWorker =
  | { type: "ready" }
  /** `rounds`: how long the broker took to answer each round since the last one, in milliseconds. */
  | { type: "heartbeat"; status: OutboxStatus; rounds: number[] }
  | { type: "log"; level: LogLevel; fields: object; message: string }
  | { type: "stopped" };

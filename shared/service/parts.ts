import type { AppError, Clock } from "@order-outbox/errors";
import type { ProcessLogger } from "@order-outbox/service-kit";
import type { Tracing } from "@order-outbox/telemetry";
import type { KeepOptions, Units } from "@order-outbox/units";

/** Something outside of the service's database that it opens and closes, with a file of its own. */
export interface Outside {
  /** What logs and `/health` call its file. */
  readonly file: string;
  /** Why it cannot be used now, as far as that is known. */
  trouble(): AppError | undefined;
  close(): void | Promise<void>;
}

/** What the parts of a service are made from. */
export interface Basics<Config> {
  config: Config;
  logger: ProcessLogger;
  /** Milliseconds since the epoch: for what is stored. */
  now: Clock;
  /** By which what is stored grows old: it never jumps forwards while the service runs. */
  ageing: Clock;
  /** Undefined unless traces are recorded. */
  tracing: Tracing | undefined;
}

/** The same when the database is open. */
export interface Parts<Config, Stores, World> extends Basics<Config> {
  stores: Stores;
  /** Where everything is written. */
  units: Units;
  outside: World;
}

/** Rows that are forgotten when they are old. */
export type Kept = Pick<KeepOptions, "target" | "keepMs" | "everyMs">;

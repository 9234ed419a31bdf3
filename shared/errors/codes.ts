/**
 * Every code that this system puts into an error, a log line or a problem+json body.
 *
 * A code is stable: decisions, alerts and clients read it, never the message. `retryable` says
 * whether the same call can succeed later without anything about it being changed.
 */
export const ERROR_CODES = {
  /** The environment does not fit the service's settings; the message lists every problem. */
  CONFIG_INVALID: { retryable: false },
  /** The request body is not the JSON that its media type announces. */
  INPUT_MALFORMED: { retryable: false },
  /** The request is readable but breaks a rule; `details` lists every violation. */
  INPUT_INVALID: { retryable: false },
  /** The request's Idempotency-Key was used before, for something else. */
  IDEMPOTENCY_KEY_REUSED: { retryable: false },
  /** The request body has another media type than `application/json`. */
  MEDIA_TYPE_UNSUPPORTED: { retryable: false },
  /** The request body is larger than the limit. */
  BODY_TOO_LARGE: { retryable: false },
  /** The request lacks the token that this address asks for. */
  UNAUTHORIZED: { retryable: false },
  /** The request is for a host that this service does not answer to. */
  HOST_NOT_ALLOWED: { retryable: false },
  /** There is nothing at this address, or no row with this id. */
  NOT_FOUND: { retryable: false },
  /** The address exists, but not for this HTTP method. */
  METHOD_NOT_ALLOWED: { retryable: false },
  /** More work is waiting than can be done soon. */
  OVERLOADED: { retryable: true },
  /** The process is shutting down. */
  SHUTTING_DOWN: { retryable: true },
  /** The disk or the database's size limit is reached. */
  STORAGE_FULL: { retryable: true },
  /** Another process keeps the database's lock; nothing was stored. */
  STORAGE_BUSY: { retryable: true },
  /** The database's file was deleted or replaced while it was open; nothing was stored. */
  STORAGE_LOST: { retryable: true },
  /** The database may not be written; nothing was stored. */
  STORAGE_READONLY: { retryable: true },
  /** The database could not do what was asked, for another reason than these. */
  STORAGE_FAILED: { retryable: true },
  /** The database file was written by a newer version of this program. */
  STORAGE_SCHEMA_NEWER: { retryable: false },
  /** A unit of work returned a promise: it would have been committed half done. */
  WORK_NOT_SYNCHRONOUS: { retryable: false },
  /** The broker cannot be reached, or did not answer in time: the outcome is unknown. */
  BROKER_UNAVAILABLE: { retryable: true },
  /** The broker does not accept who this client says it is; the message names the settings. */
  BROKER_AUTH_FAILED: { retryable: true },
  /** No TLS connection to the broker comes about; the message names the settings. */
  BROKER_TLS_FAILED: { retryable: true },
  /** The broker answered that it cannot take these records now (leader moving, not enough replicas). */
  BROKER_NOT_READY: { retryable: true },
  /** The broker refused these records for what they are (too large, corrupt). */
  RECORD_REFUSED: { retryable: false },
  /** The broker does not take a record's time: this machine's clock is wrong, or the broker's. */
  CLOCK_REFUSED: { retryable: true },
  /** The broker refuses what this client, a topic or itself is set to; the message says what. */
  BROKER_MISCONFIGURED: { retryable: true },
  /** The broker refuses a request that this program must not make: a defect of ours. */
  BROKER_MISUSED: { retryable: true },
  /** The topic does not exist and may not be created. */
  TOPIC_MISSING: { retryable: true },
  /** The topic has another partition count than its keys were spread over; an operator decides. */
  PARTITIONS_CHANGED: { retryable: false },
  /** A record is not the event that its headers announce. */
  EVENT_MALFORMED: { retryable: false },
  /** An event comes from another topic or source than its type has. */
  EVENT_MISPLACED: { retryable: false },
  /** An event contradicts one of its order that took effect: a second one, or with other data. */
  EVENT_CONTRADICTS: { retryable: false },
  /** A handler did not manage to apply an event. */
  HANDLER_FAILED: { retryable: false },
  /** An event is set aside because an earlier one of its key is. */
  HELD_BEHIND: { retryable: true },
  /** An event is set aside until the one that it builds on has come. */
  HELD_WAITING: { retryable: true },
  /** Another database already consumes for this consumer group. */
  GROUP_OCCUPIED: { retryable: true },
  /** The offset to continue from is no longer (or not yet) in the topic. */
  OFFSET_OUT_OF_RANGE: { retryable: false },
  /** The batch that comes next in a topic cannot be read; its partition waits. */
  BATCH_UNREADABLE: { retryable: false },
  /** A record, or the batch that it came in, is larger than what is taken over. */
  EVENT_TOO_LARGE: { retryable: false },
  /** A worker thread ended or stopped answering. */
  WORKER_FAILED: { retryable: true },
  /** Something that nobody foresaw; the cause has the original error. */
  INTERNAL: { retryable: false },
} as const satisfies Record<string, { retryable: boolean }>;

/** One of {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** The UUID namespace of follow-up ids. Changing it would make every reprocessed event a new one. */
const FOLLOW_UP_NAMESPACE = "d2e2fd0c-ca2e-45b5-8fc3-91d7d4186643";

/** A fresh event id: a UUID v7, so that ids made later sort later. */
export function newEventId(): string {
  return Bun.randomUUIDv7();
}

/**
 * The id of the event of `type` that follows from the event `causeId`: a UUID v5 (RFC 9562 §5.5),
 * the same for the same inputs, so that reprocessing a cause makes no second follow-up.
 */
export function followUpEventId(causeId: string, type: string): string {
  return Bun.randomUUIDv5(`${causeId}/${type}`, FOLLOW_UP_NAMESPACE);
}

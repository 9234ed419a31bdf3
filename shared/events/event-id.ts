/** The UUID namespace of follow-up ids. Changing it would make every reprocessed event a new one. */
const FOLLOW_UP_NAMESPACE = "d2e2fd0c-ca2e-45b5-8fc3-91d7d4186643";

/** A UUID that begins with its time: version 7, or a follow-up of one. */
const TIME_ORDERED = /^[0-9a-f]{8}-[0-9a-f]{4}-[78]/;

/** A fresh event id: a UUID v7, so that ids made later sort later. */
export function newEventId(): string {
  return Bun.randomUUIDv7();
}

/**
 * The id of the event of `type` that follows from the event `causeId`: the same for the same
 * inputs, so that reprocessing a cause makes no second follow-up.
 *
 * It is the name-based UUID v5 (RFC 9562 §5.5) of both. When the cause's id begins with its time,
 * the follow-up's does too (and is of version 8, §5.8): rows that are written together then stand
 * together in every index, where random ids would change a page of each for every row.
 */
export function followUpEventId(causeId: string, type: string): string {
  const hashed = Bun.randomUUIDv5(`${causeId}/${type}`, FOLLOW_UP_NAMESPACE);
  if (!TIME_ORDERED.test(causeId)) return hashed;
  return `${causeId.slice(0, 13)}-8${causeId.slice(15, 18)}${hashed.slice(18)}`;
}

import type { EventMap } from "./define-events.ts";
import type { StoredEvent } from "./event.ts";
import { malformed } from "./malformed.ts";
import type { Violation } from "./violations.ts";

/**
 * Why readers would refuse a stored event; undefined when they would not. Events are checked where
 * they are made: this is for rows of former versions, of copies and of other hands, before they are
 * made pending.
 */
export function faultOfStored(events: EventMap, row: StoredEvent): string | undefined {
  const violations = violationsOf(events, row);
  return violations.length === 0
    ? undefined
    : malformed(`the stored ${row.eventType}`, violations).message;
}

function violationsOf(events: EventMap, row: StoredEvent): Violation[] {
  const { eventType, topic, subject, partitionKey } = row;
  if (!events.has(eventType)) return [{ path: "eventType", message: "is not in the event map" }];
  const data = parse(row.payload);
  const found = events.violations(eventType, data);
  if (found.length > 0) return found;
  return [
    ...unless(topic === events.originOf(eventType).topic, "topic", "is not that of its type"),
    ...unless(events.subjectOf(eventType, data) === subject, "subject", "is not that of its data"),
    ...unless(partitionKey === subject, "partitionKey", "is not its subject"),
  ];
}

const unless = (holds: boolean, path: string, message: string): Violation[] =>
  holds ? [] : [{ path, message }];

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

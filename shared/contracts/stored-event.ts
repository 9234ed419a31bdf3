import { eventDataViolations, isEventType, malformed } from "./events.ts";
import { originOf } from "./parties.ts";
import type { Violation } from "./violations.ts";

/** An event as a row of an outbox has it. */
export interface StoredEvent {
  eventType: string;
  topic: string;
  orderId: string;
  partitionKey: string;
  /** JSON. */
  payload: string;
}

/**
 * Why readers would refuse a stored event; undefined when they would not. Events are checked where
 * they are made: this is for rows of former versions, of copies and of other hands, before they are
 * made pending.
 */
export function faultOfStored(row: StoredEvent): string | undefined {
  const violations = violationsOf(row);
  return violations.length === 0
    ? undefined
    : malformed(`the stored ${row.eventType}`, violations).message;
}

function violationsOf(row: StoredEvent): Violation[] {
  const { eventType, topic, orderId, partitionKey } = row;
  if (!isEventType(eventType)) return [{ path: "eventType", message: "is not in the event map" }];
  const data = parse(row.payload);
  const found = eventDataViolations(eventType, data);
  if (found.length > 0) return found;
  return [
    ...unless(topic === originOf(eventType).topic, "topic", "is not that of its type"),
    ...unless((data as { orderId: string }).orderId === orderId, "orderId", "is not data.orderId"),
    ...unless(partitionKey === orderId, "partitionKey", "is not the order's id"),
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

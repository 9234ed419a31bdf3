import type { Log } from "@order-outbox/kafka";

/** How many types are told by name: a stranger can invent any number of them. */
const MAX_NAMED = 50;

/** Says once of each event type that nobody here knows that it is skipped; later ones are not named. */
export function tellUnknownTypes(log: Log): (type: string) => void {
  const named = new Set<string>();
  return (type) => {
    if (named.size > MAX_NAMED || named.has(type)) return;
    named.add(type);
    if (named.size <= MAX_NAMED) {
      log.warn({ eventType: type }, "events of this type are not known here, and are skipped");
    } else {
      log.warn({}, "events of further unknown types are skipped without being named");
    }
  };
}

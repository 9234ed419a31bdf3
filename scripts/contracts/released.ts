import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { EVENTS, headersOf } from "@order-outbox/contracts";
import { toJsonSchema } from "@order-outbox/events";
import type { ReleasedEvent } from "./compatibility.ts";

/** The event types as the code has them now, in the form in which they are kept. */
export function presentEvents(): ReleasedEvent[] {
  return EVENTS.types.map((type) => ({
    type,
    topic: EVENTS.definitions[type].topic,
    headers: toJsonSchema(headersOf(type), new Map()),
    data: toJsonSchema(EVENTS.definitions[type].data, new Map()),
  }));
}

/** The event types as they were last released: one JSON file each in `folder`. */
export async function readReleased(folder: string): Promise<ReleasedEvent[]> {
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return Promise.all(files.sort().map((name) => Bun.file(join(folder, name)).json()));
}

export async function writeReleased(folder: string, events: readonly ReleasedEvent[]) {
  mkdirSync(folder, { recursive: true });
  for (const event of events) {
    await Bun.write(join(folder, `${event.type}.json`), `${JSON.stringify(event, null, 2)}\n`);
  }
}

// An outbox worker that dies on the first row it is woken for.
import { openSqliteOutbox, serveOutboxWorker } from "./mod.ts";

declare const self: Worker;

serveOutboxWorker(openSqliteOutbox);
const serve = self.onmessage;
self.onmessage = (event: MessageEvent<{ type: string }>) => {
  if (event.data.type === "wake") throw new Error("out of memory");
  serve?.call(self, event);
};

// An outbox worker that dies on the first row it is woken for.
import { serveOutboxWorker } from "./mod.ts";

declare const self: Worker;

serveOutboxWorker();
const serve = self.onmessage;
self.onmessage = (event: MessageEvent<{ type: string }>) => {
  if (event.data.type === "wake") throw new Error("out of memory");
  serve?.call(self, event);
};

// An outbox worker whose database takes a while to open, as one on another machine does.
import { openSqliteOutbox, serveOutboxWorker } from "./mod.ts";

serveOutboxWorker(async (path) => {
  await Bun.sleep(100);
  return openSqliteOutbox(path);
});

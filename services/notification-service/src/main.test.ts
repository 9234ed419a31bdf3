import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { startProcess, tempDir } from "@order-outbox/testing";

test("wrong settings are all named at once, and nothing is started", async () => {
  using dir = tempDir();
  await using service = startProcess([process.execPath, join(import.meta.dir, "main.ts")], {
    cwd: dir.path,
    env: { PORT: "abc", KAFKA_HOST: "", DATABASE_PATH: "", CHANNELS_LEDGER_PATH: "" },
  });
  expect(await service.exited).toBe(78);
  expect(service.lines.join("\n")).toBe(
    [
      "notification-service cannot start:",
      '  PORT must be a whole number from 0 to 65535; it is "abc"',
      "  KAFKA_HOST must be host:port, comma-separated; it is empty",
      "  DATABASE_PATH must be the path of a file; it is empty",
      "  CHANNELS_LEDGER_PATH must be the path of a file; it is empty",
    ].join("\n"),
  );
  expect(existsSync(dir.join("notifications.db"))).toBe(false);
});

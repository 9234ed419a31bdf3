import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { startProcess, tempDir } from "@order-outbox/testing";

test("wrong settings are all named at once, and nothing is started", async () => {
  using dir = tempDir();
  await using service = startProcess([process.execPath, join(import.meta.dir, "main.ts")], {
    cwd: dir.path,
    env: { PORT: "abc", KAFKA_HOST: "", OUTBOX_POLL_MS: "0", LOG_LEVEL: "loud" },
  });
  expect(await service.exited).toBe(78);
  expect(service.lines.join("\n")).toBe(
    [
      "order-service cannot start:",
      '  PORT must be a whole number from 0 to 65535; it is "abc"',
      "  KAFKA_HOST must be host:port, comma-separated; it is empty",
      '  LOG_LEVEL must be debug or info or warn or error; it is "loud"',
      '  OUTBOX_POLL_MS must be a whole number from 10 to 3600000; it is "0"',
    ].join("\n"),
  );
  expect(existsSync(dir.join("orders.db"))).toBe(false);
});

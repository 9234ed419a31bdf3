import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { startProcess, tempDir } from "@order-outbox/testing";

test("wrong settings are all named at once, and nothing is started", async () => {
  using dir = tempDir();
  await using service = startProcess([process.execPath, join(import.meta.dir, "main.ts")], {
    cwd: dir.path,
    env: { PORT: "abc", KAFKA_HOST: "", PAYMENT_SUCCESS_RATE: "90", PAYMENT_LATENCY_MS: "-1" },
  });
  expect(await service.exited).toBe(78);
  expect(service.lines.join("\n")).toBe(
    [
      "payment-service cannot start:",
      '  PORT must be a whole number from 0 to 65535; it is "abc"',
      "  KAFKA_HOST must be host:port, comma-separated; it is empty",
      '  PAYMENT_SUCCESS_RATE must be a number from 0 to 1; it is "90"',
      '  PAYMENT_LATENCY_MS must be a whole number from 0 to 600000; it is "-1"',
    ].join("\n"),
  );
  expect(existsSync(dir.join("payments.db"))).toBe(false);
});

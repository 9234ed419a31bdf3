import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { tempDir } from "@order-outbox/testing";
import { toKafkaJs } from "./security.ts";

test("a password file is read again at each authentication", () => {
  using folder = tempDir();
  const passwordFile = folder.join("password");
  writeFileSync(passwordFile, "first\n");
  const { sasl } = toKafkaJs({
    sasl: { mechanism: "SCRAM-SHA-512", username: "alice", passwordFile },
  });
  // kafkajs asks for it whenever it authenticates.
  const password = () => (sasl as { password: string }).password;
  expect(password()).toBe("first");
  writeFileSync(passwordFile, "second\n");
  expect(password()).toBe("second");
});

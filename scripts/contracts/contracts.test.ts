import { expect, test } from "bun:test";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { TOPICS } from "@order-outbox/contracts";
import type { JsonSchema } from "@order-outbox/events";
import { REPOSITORY, tempDir } from "@order-outbox/testing";
import { describeEvents } from "./asyncapi.ts";
import { presentEvents, readReleased, writeReleased } from "./released.ts";

async function contracts(...args: string[]) {
  const child = Bun.spawn([process.execPath, join(REPOSITORY, "scripts/contracts.ts"), ...args], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { code: await child.exited, text: out + err };
}

test("the published contract is that of the code, and breaks no released one", async () => {
  expect(await contracts("--check")).toEqual({ code: 0, text: "" });
});

test("a stale document and a breaking change fail the check, with what to do", async () => {
  using root = tempDir();
  const document = root.join("docs/asyncapi.yaml");
  const released = root.join("shared/contracts/released");
  cpSync(join(REPOSITORY, "docs/asyncapi.yaml"), document, { recursive: true });
  await Bun.write(document, `${await Bun.file(document).text()}# changed\n`);
  const [first, ...others] = presentEvents();
  if (first === undefined) throw new Error("there are no events");
  const { customerId: _, ...rest } = first.data.properties as Record<string, JsonSchema>;
  const wider = { ...first.data, properties: { ...rest, customerId: { type: "string" } } };
  await writeReleased(released, [{ ...first, data: wider }, ...others]);

  const checked = await contracts("--check", "--root", root.path);
  expect(checked.code).toBe(1);
  expect(checked.text).toContain('docs/asyncapi.yaml is stale: run "bun run contracts"');
  expect(checked.text).toContain("ORDER_CREATED/data/customerId: pattern");
  expect(checked.text).toContain("a new optional field, or a new event type");

  const refused = await contracts("--release", "--root", root.path);
  expect([refused.code, refused.text]).toEqual([1, expect.stringContaining("break readers")]);
  const [kept] = await readReleased(released);
  expect(kept?.data).toEqual(wider);
  expect(await Bun.file(document).text()).not.toContain("# changed");
});

test("every topic has one writer, its readers, and messages with examples", () => {
  const { channels, operations, components } = describeEvents();
  expect(Object.keys(channels)).toEqual(Object.values(TOPICS));
  expect(Object.keys(operations)).toEqual([
    "order-service.send.order_created",
    "payment-service.receive.order_created",
    "notification-service.receive.order_created",
    "payment-service.send.payment_processed",
    "order-service.receive.payment_processed",
    "notification-service.receive.payment_processed",
  ]);
  for (const { examples } of Object.values(components.messages)) {
    expect(examples).toEqual([
      { name: expect.any(String), headers: expect.any(Object), payload: expect.any(Object) },
    ]);
  }
});

import { expect, test } from "bun:test";
import { startSystem, waitFor } from "../mod.ts";

const HOUR_MS = 3_600_000;

test("commits wake their relays: orders settle one after the other with hours between two looks", async () => {
  await using system = await startSystem({
    env: { LOG_LEVEL: "warn", OUTBOX_POLL_MS: String(HOUR_MS) },
  });
  // A relay that nobody wakes looks when it renews its lease: four times as long as all may take.
  const settleFour = async () => {
    for (let order = 0; order < 4; order++) {
      const id = await system.createOrder();
      while ((await system.getOrder(id)).status === "PENDING") await Bun.sleep(10);
    }
    return true;
  };
  let settled = false;
  void settleFour().then((done) => {
    settled = done;
  });
  await waitFor(() => settled, { what: "four orders, one after the other, to settle" });
  expect(settled).toBe(true);
});

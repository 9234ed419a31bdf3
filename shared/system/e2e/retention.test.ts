import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { TOPICS } from "@order-outbox/contracts";
import { crashAt, waitFor } from "@order-outbox/testing";
import { startSystem } from "../mod.ts";
import { fullProof, placeOrders, waitUntilSettled } from "./support.ts";

test.if(fullProof)(
  "killed while it prunes, order-service goes on; a window that is too short is refused in sight",
  async () => {
    await using system = await startSystem({
      env: { LOG_LEVEL: "error" },
      serviceEnv: {
        "order-service": {
          OUTBOX_RETENTION: "1s",
          INBOX_RETENTION: "1d",
          ...crashAt("order-outbox.prune", "pruned"),
        },
      },
    });
    const { order } = system;
    const outbox = () => {
      using db = new Database(order.databasePath, { readonly: true });
      return db.query("SELECT * FROM outbox").all().length;
    };
    await placeOrders(system, 20);
    expect(await order.process.exited).toBe(137);

    await order.start({ CRASH_AT: "" });
    await placeOrders(system, 5);
    await waitUntilSettled(system, 25);
    const answer = await fetch(`${order.url}/health`);
    const { checks } = (await answer.json()) as {
      checks: { retention: { inbox: { reason: string } } };
    };
    expect(checks.retention).toMatchObject({ ok: true, inbox: { state: "refused", removed: 0 } });
    expect(checks.retention.inbox.reason).toMatch(
      /^INBOX_RETENTION is 1d, but payment_processed keeps records for \d+d.* at least \d+d/,
    );
    await waitFor(() => outbox() === 0, { what: "the published rows to be pruned" });
    const ids = (await system.readTopic(TOPICS.orderCreated)).map(({ headers }) => headers.ce_id);
    expect(new Set(ids).size).toBe(25);
  },
);

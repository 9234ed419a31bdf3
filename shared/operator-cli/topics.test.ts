import { expect, test } from "bun:test";
import { startDevBroker } from "@order-outbox/dev-broker";
import { outbox, outboxJson } from "@order-outbox/system";

const proofTest = test.if(process.env.PROOF === "full");

test("topics are checked, created with their configs, and found again", async () => {
  await using broker = await startDevBroker();
  const where = { dataDir: "/nowhere", kafkaHost: broker.address };
  const configs = ["--config", "retention.ms=86400000,cleanup.policy=delete"];

  expect(await outbox(where, "topics", "--dry-run", ...configs)).toEqual({
    out: "order_created: would be created\npayment_processed: would be created\n",
    err: "",
    exitCode: 0,
  });
  expect(broker.topics()).toEqual({});

  const created = await outbox(where, "topics", "--partitions", "3", ...configs);
  expect(created).toMatchObject({
    out: "order_created: created\npayment_processed: created\n",
    exitCode: 0,
  });
  expect(broker.topics()).toEqual({ order_created: 3, payment_processed: 3 });

  const again = await outbox(
    where,
    "topics",
    "--partitions",
    "3",
    "--replication",
    "1",
    ...configs,
  );
  expect(again).toMatchObject({
    out: "order_created: exists\npayment_processed: exists\n",
    exitCode: 0,
  });
});

proofTest("topics that are not as they should be are named and left alone", async () => {
  await using broker = await startDevBroker({ topics: { order_created: 2 } });
  const where = { dataDir: "/nowhere", kafkaHost: broker.address };
  const { topics } = await outboxJson<{ topics: object[] }>(
    where,
    "topics",
    "--config",
    "retention.ms=1000",
  );
  expect(topics).toEqual([
    {
      topic: "order_created",
      state: "exists",
      differences: [
        "the number of partitions is 2, not 6",
        expect.stringMatching(/^retention\.ms is \d+, not 1000$/),
      ],
    },
    { topic: "payment_processed", state: "created", differences: [] },
  ]);
  expect(broker.topics()).toEqual({ order_created: 2, payment_processed: 6 });
});

proofTest("what the broker refuses is one line with its reason", async () => {
  await using broker = await startDevBroker();
  const where = { dataDir: "/nowhere", kafkaHost: broker.address };
  const refused = await outbox(where, "topics", "--replication", "3");
  expect(refused).toMatchObject({ out: "", exitCode: 2 });
  expect(refused.err).toMatch(/^outbox: the broker refuses: order_created: .*replic/i);
  expect(refused.err.trim().split("\n")).toHaveLength(1);
});

import { describe, expect, test } from "bun:test";
import { TOPICS } from "@order-outbox/contracts";
import { createKafkaClient } from "@order-outbox/kafka";
import { copyRun, finishRun, replayRun } from "@order-outbox/system";
import {
  CODECS,
  encodeWireBatch,
  publishBytes,
  wireBatch,
  wireRecord,
  wrapPacked,
} from "@order-outbox/testing";
import { verifySystem } from "./verify-system.ts";

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
const TWO = [wireRecord("x"), wireRecord("y")];

describe.if(process.env.PROOF === "full")("records that nobody can read", () => {
  test("what nobody can read is passed over and named; all else of the topic is verified", async () => {
    using run = await finishRun(2);
    await using broker = await replayRun(run);
    const client = createKafkaClient({ brokers: [broker.address], clientId: "test", log: SILENT });
    const topic = TOPICS.orderCreated;
    const ended = [
      wireRecord("x", { headers: [["ce_id", null]] }),
      wireRecord("x".repeat(200_000)),
    ];
    for (const partition of [0, 1]) {
      const broken = wrapPacked(wireBatch(TWO, { codec: CODECS.lz4 }), Buffer.from("no LZ4"));
      await publishBytes(client, topic, partition, broken);
      // One of them is the end of its partition.
      if (partition === 1) continue;
      await publishBytes(
        client,
        topic,
        0,
        encodeWireBatch(wireBatch(ended, { codec: CODECS.zstd })),
      );
    }
    using world = copyRun(run, broker);
    const options = {
      dataDir: world.dataDir,
      brokers: [world.kafkaHost],
      settleMs: 0,
      recheckMs: 0,
    };
    const report = await verifySystem(options);
    expect(report).toMatchObject({ findings: [], leftOut: [], records: 2 * 2 + ended.length });
    expect(report.notes.toSorted()).toEqual(
      [0, 1].map((partition) =>
        expect.stringMatching(
          new RegExp(
            `^${topic}/${partition} at \\d+: a batch \\(compressed with lz4\\) cannot be read`,
          ),
        ),
      ),
    );
  });
});

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { TOPICS } from "@order-outbox/contracts";
import type { DevBroker } from "@order-outbox/dev-broker";
import {
  type CopiedRun,
  copyRun,
  type FinishedRun,
  finishRun,
  replayRun,
} from "@order-outbox/system";
import { verifySystem } from "./verify-system.ts";

let run: FinishedRun;
let broker: DevBroker;
/** Holds no record of the last order. */
let forgetful: DevBroker;

const lastOrder = () => run.orderIds.at(-1) as string;

describe.if(process.env.PROOF === "full")("orders that are still on their way", () => {
  beforeAll(async () => {
    run = await finishRun(2);
    broker = await replayRun(run);
    forgetful = await replayRun(run, (topic, records) =>
      topic === TOPICS.orderCreated ? records.filter(({ key }) => key !== lastOrder()) : records,
    );
  });
  afterAll(async () => {
    await broker?.close();
    await forgetful?.close();
    run?.[Symbol.dispose]();
  });

  const verify = ({ dataDir, kafkaHost }: CopiedRun, rest: object = {}) =>
    verifySystem({ dataDir, brokers: [kafkaHost], settleMs: 3_600_000, recheckMs: 0, ...rest });

  const entriesOf = (id: string) => `entry ->> '$.orderId' = '${id}'`;
  const WAYS: [missing: string, file: string, (id: string) => string[]][] = [
    ["its status", "orders", (id) => [`UPDATE orders SET status = 'PENDING' WHERE id = '${id}'`]],
    [
      "its event's mark",
      "orders",
      (id) => [`UPDATE outbox SET isPublished = 0 WHERE orderId = '${id}'`],
    ],
    ["its payment", "payments", (id) => [`DELETE FROM payments WHERE orderId = '${id}'`]],
    ["its result", "payments", (id) => [`DELETE FROM outbox WHERE orderId = '${id}'`]],
    [
      "a notification of itself",
      "notifications",
      (id) => [
        `UPDATE notified_events SET smsSentAt = NULL
         WHERE orderId = '${id}' AND eventType = 'ORDER_CREATED'`,
      ],
    ],
    [
      "a notification of its payment",
      "notifications",
      (id) => [
        `UPDATE notified_events SET smsSentAt = NULL
         WHERE orderId = '${id}' AND eventType <> 'ORDER_CREATED'`,
      ],
    ],
    [
      "its charge",
      "provider-ledger",
      (id) => ["DROP TRIGGER ledger_keeps_entries", `DELETE FROM ledger WHERE ${entriesOf(id)}`],
    ],
    [
      "a message",
      "channels-ledger",
      (id) => [
        "DROP TRIGGER ledger_keeps_entries",
        `DELETE FROM ledger WHERE ${entriesOf(id)} AND key LIKE '%payment/SMS'`,
      ],
    ],
  ];

  test.each(WAYS)("a young order that lacks %s is on its way", async (_, file, statements) => {
    using copy = copyRun(run, broker);
    copy.change(file, ...statements(lastOrder()));
    expect((await verify(copy)).orders).toEqual({ judged: 1, younger: 1, ahead: 0 });
    expect((await verify(copy, { settleMs: 0 })).orders).toEqual({
      judged: 2,
      younger: 0,
      ahead: 0,
    });
  });

  test("a young order whose record is missing is on its way, unless the topics are left out", async () => {
    using copy = copyRun(run, forgetful);
    expect((await verify(copy)).orders).toMatchObject({ judged: 1, younger: 1 });
    expect((await verify(copy, { brokers: undefined })).orders).toMatchObject({ judged: 2 });
  });
});

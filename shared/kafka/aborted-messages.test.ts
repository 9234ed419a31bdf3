import { expect, test } from "bun:test";
import { dirname, join } from "node:path";

interface Message {
  offset: string;
  key: Buffer | null;
  isControlRecord: boolean;
  batchContext: { producerId: string; inTransaction: boolean };
}

type Filter = (input: {
  messages: Message[];
  abortedTransactions: { producerId: string; firstOffset: string }[];
}) => Message[];

const folder = dirname(Bun.resolveSync("kafkajs/package.json", import.meta.dir));
const filter: Filter = require(join(folder, "src/consumer/filterAbortedMessages.js"));

const record = (offset: number, producerId: string, inTransaction = true): Message => ({
  offset: String(offset),
  key: null,
  isControlRecord: false,
  batchContext: { producerId, inTransaction },
});
const abort = (offset: number, producerId: string): Message => ({
  ...record(offset, producerId),
  key: Buffer.alloc(4),
  isControlRecord: true,
});

test.each([
  ["first", ["1", "2"]],
  ["last", ["2", "1"]],
] as const)(
  "what was aborted is left out when the transaction that began first ended %s",
  (_, ends) => {
    const messages = [
      record(0, "0", false),
      record(1, "1"),
      record(2, "2"),
      ...ends.map((producerId, index) => abort(3 + index, producerId)),
      record(5, "1"),
    ];
    // A broker lists them in the order of their ends.
    const abortedTransactions = ends.map((producerId) => ({ producerId, firstOffset: producerId }));
    const kept = filter({ messages, abortedTransactions }).filter((one) => !one.isControlRecord);
    expect(kept.map(({ offset }) => offset)).toEqual(["0", "5"]);
  },
);

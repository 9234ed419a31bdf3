import { Database } from "bun:sqlite";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { KafkaClient } from "@order-outbox/kafka";
import { seal, type WireBatch, type WireRecord } from "./wire-batch.ts";

/** A record of a batch, with the value `text`. */
export const wireRecord = (text: string, fields: Partial<WireRecord> = {}): WireRecord => ({
  attributes: 0,
  timestampDelta: 0n,
  offsetDelta: 0,
  key: Buffer.from("key"),
  value: Buffer.from(text),
  headers: [],
  ...fields,
});

/** A batch as a producer without an id sends it. */
export const wireBatch = (
  records: WireRecord[],
  { codec = 0, ...fields }: Partial<WireBatch> & { codec?: number } = {},
): WireBatch => ({
  firstOffset: 0n,
  firstTimestamp: BigInt(Date.now()),
  maxTimestamp: BigInt(Date.now()),
  producerId: -1n,
  attributes: codec,
  records: records.map((record, offsetDelta) => ({ ...record, offsetDelta })),
  ...fields,
});

/** Has the broker store a batch, whatever it contains, as any producer may. */
export async function publishBytes(
  { kafkajs }: KafkaClient,
  topic: string,
  partition: number,
  bytes: Buffer,
): Promise<void> {
  const producer = kafkajs.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const recordBatch = { count: bytes.readInt32BE(57), stamped: () => withoutProducer(bytes) };
  const messages = [{ partition, value: null, recordBatch }];
  await producer.send({ topic, messages, acks: -1 }).finally(() => producer.disconnect());
}

function withoutProducer(bytes: Buffer): Buffer {
  const batch = Buffer.from(bytes);
  batch.writeInt16BE(-1, 51);
  batch.writeInt32BE(-1, 53);
  return seal(batch);
}

/** Changes the batches that a broker which is not running has in `folder`, as no producer may. */
export function spoilStored(folder: string, change: (batch: Buffer) => void): void {
  const [name = ""] = readdirSync(folder).filter((file) => file.endsWith(".db"));
  using db = new Database(join(folder, name));
  const rows = db
    .query<{ position: number; bytes: Uint8Array }, []>("SELECT position, bytes FROM batches")
    .all();
  for (const { position, bytes } of rows) {
    const batch = Buffer.from(bytes);
    change(batch);
    db.query("UPDATE batches SET bytes = ? WHERE position = ?").run(batch, position);
  }
}

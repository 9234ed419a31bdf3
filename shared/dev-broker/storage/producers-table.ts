import type { Database } from "bun:sqlite";
import { afterBatch, type BatchSequence, type ProducerState } from "../log/producer-state.ts";
import { OFFSETS_PER_PARTITION } from "./position.ts";

/**
 * What each partition knows of its producers, written with every batch, so that a start need not
 * read the log for it.
 */
export const PRODUCERS = `
  CREATE TABLE producers (
    partitionId INTEGER NOT NULL,
    producerId INTEGER NOT NULL,
    lastBaseOffset INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (partitionId, producerId)
  ) WITHOUT ROWID;
`;

interface SequenceRow extends Omit<BatchSequence, "recordCount"> {
  position: number;
  lastOffset: number;
}

/** Gives a file of version 1 the table, with what its log says. */
export function addProducers(db: Database): void {
  db.run(PRODUCERS);
  const rows = db.query<SequenceRow, []>(
    `SELECT position, lastOffset, producerId, producerEpoch, baseSequence
     FROM batches WHERE producerId >= 0 ORDER BY position`,
  );
  const save = db.query("INSERT INTO producers VALUES (?, ?, ?, ?)");
  const states = new Map<
    string,
    { partitionId: number; producerId: number; state: ProducerState }
  >();
  for (const { position, lastOffset, ...sequence } of rows.iterate()) {
    const partitionId = Math.floor(position / OFFSETS_PER_PARTITION);
    const baseOffset = position % OFFSETS_PER_PARTITION;
    const { producerId } = sequence;
    const name = `${partitionId}/${producerId}`;
    const batch = { ...sequence, recordCount: lastOffset - baseOffset + 1 };
    const state = afterBatch(states.get(name)?.state, batch, baseOffset);
    states.set(name, { partitionId, producerId, state });
  }
  for (const { partitionId, producerId, state } of states.values()) {
    save.run(partitionId, producerId, lastBaseOffsetOf(state), JSON.stringify(state));
  }
}

/** Orders a partition's producers: the one that wrote last is the last to be forgotten. */
export const lastBaseOffsetOf = ({ batches }: ProducerState): number =>
  batches.at(-1)?.baseOffset ?? -1;

import type { CommitQueue, OnRollback } from "../storage/commit-queue.ts";
import type { Store, StoredPartition } from "../storage/store.ts";
import { KafkaError } from "../wire/error-codes.ts";
import { afterBatch, checkSequence, type ProducerState } from "./producer-state.ts";
import { type BatchHeader, placeBatch } from "./record-batch.ts";

/** Hears that records came or went; `bytes` is what was added. */
export type LogListener = (bytes: number) => void;

/** Producers per partition whose sequences are remembered; the least recently used go first. */
const REMEMBERED_PRODUCERS = 10_000;

/** The log of one partition: offsets and producers in memory, the batches in the store. */
export class PartitionLog {
  readonly index: number;
  readonly id: number;
  #logStart: number;
  #logEnd: number;
  #deleted = false;
  readonly #store: Store;
  readonly #commits: CommitQueue;
  readonly #producers = new Map<number, ProducerState>();
  readonly #listeners = new Set<LogListener>();

  constructor(stored: StoredPartition, store: Store, commits: CommitQueue) {
    this.id = stored.id;
    this.index = stored.index;
    this.#logStart = stored.logStart;
    this.#logEnd = stored.logEnd;
    this.#store = store;
    this.#commits = commits;
  }

  /** The first offset that can be read. */
  get logStart(): number {
    return this.#logStart;
  }

  /** The offset of the next record: high watermark and last stable offset at once. */
  get logEnd(): number {
    return this.#logEnd;
  }

  /** Knows a producer again, at start; the one that wrote last is to come last. */
  remember(producerId: number, state: ProducerState): void {
    this.#setProducer(producerId, state);
  }

  /**
   * Appends a checked batch; the offset it got, or got before if it is a repetition. Settles once
   * it is committed. Rejects with a KafkaError.
   */
  async append(batch: Uint8Array, header: BatchHeader): Promise<number> {
    const { baseOffset, added } = await this.#commits.run((onRollback) => {
      if (this.#deleted) throw new KafkaError("UNKNOWN_TOPIC_OR_PARTITION");
      const { producerId } = header;
      const state = this.#producers.get(producerId);
      const written = producerId < 0 ? undefined : checkSequence(state, header);
      if (written !== undefined) return { baseOffset: written.baseOffset, added: 0 };

      const offset = this.#logEnd;
      placeBatch(batch, offset);
      const lastOffset = offset + header.recordCount - 1;
      this.#store.append(this.id, { ...header, baseOffset: offset, lastOffset, bytes: batch });
      this.#logEnd = lastOffset + 1;
      if (producerId >= 0) this.#noteWritten(producerId, afterBatch(state, header, offset));
      onRollback(() => {
        this.#logEnd = offset;
        this.#setProducer(producerId, state);
      });
      return { baseOffset: offset, added: batch.length };
    });
    if (added > 0) this.#tell(added);
    return baseOffset;
  }

  /** Whole batches from the one that holds `offset`; see {@link Store.read}. */
  read(offset: number, maxBytes: number, atLeastOne: boolean): Uint8Array[] {
    if (offset >= this.#logEnd) return [];
    return this.#store.read(this.id, offset, maxBytes, atLeastOne);
  }

  findByTimestamp(timestamp: number): Uint8Array | undefined {
    return this.#store.findByTimestamp(this.id, timestamp);
  }

  /** Makes `offset` the first one that can be read. */
  async deleteRecords(offset: number): Promise<void> {
    await this.#commits.run((onRollback) => {
      const before = this.#logStart;
      if (offset <= before) return;
      this.#store.deleteRecords(this.id, offset);
      this.#logStart = offset;
      onRollback(() => {
        this.#logStart = before;
      });
    });
    this.#tell(0);
  }

  /** Calls `listener` on every change until the returned function is called. */
  listen(listener: LogListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The topic is gone: nothing more is taken, and whoever waits for records waits in vain. */
  markDeleted(onRollback: OnRollback): void {
    this.#deleted = true;
    onRollback(() => {
      this.#deleted = false;
    });
    this.#tell(0);
  }

  #tell(bytes: number): void {
    for (const listener of [...this.#listeners]) listener(bytes);
  }

  #noteWritten(producerId: number, state: ProducerState): void {
    this.#store.saveProducer({ partitionId: this.id, producerId, state });
    this.#setProducer(producerId, state);
    if (this.#producers.size <= REMEMBERED_PRODUCERS) return;
    for (const oldest of this.#producers.keys()) {
      this.#producers.delete(oldest);
      this.#store.forgetProducer(this.id, oldest);
      break;
    }
  }

  #setProducer(id: number, state: ProducerState | undefined): void {
    this.#producers.delete(id);
    if (state !== undefined) this.#producers.set(id, state);
  }
}

import { AppError } from "@order-outbox/errors";
import type { ProducerState } from "../log/producer-state.ts";
import { watchOpenFiles } from "./open-file.ts";
import { OFFSETS_PER_PARTITION, position } from "./position.ts";
import { lastBaseOffsetOf } from "./producers-table.ts";
import { openDatabase, type SqliteStoreOptions } from "./sqlite-database.ts";
import type { GroupOffset, Store, StoredPartition, StoredProducer, StoredTopic } from "./store.ts";

/** One SQLite file (or memory) holding whole record batches and everything else of the broker. */
export function openSqliteStore(options: SqliteStoreOptions): Store {
  const db = openDatabase(options);
  const requireOpenFiles = watchOpenFiles(db.filename);
  const { clusterId } = db.query("SELECT clusterId FROM broker").get() as { clusterId: string };

  const insertTopic = db.query("INSERT INTO topics (name, configs) VALUES (?, ?) RETURNING id");
  const insertPartition = db.query(
    "INSERT INTO partitions (topicId, partition) VALUES (?, ?) RETURNING id",
  );
  const insertBatch = db.query("INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  const lastBatch = db.query<{ lastOffset: number }, [number, number]>(
    "SELECT lastOffset FROM batches WHERE position >= ? AND position < ? ORDER BY position DESC LIMIT 1",
  );
  const batchWith = db.query<{ position: number; lastOffset: number }, [number, number]>(
    "SELECT position, lastOffset FROM batches WHERE position >= ? AND position <= ? ORDER BY position DESC LIMIT 1",
  );
  const batchesFrom = db.query<{ size: number; bytes: Uint8Array }, [number, number]>(
    "SELECT size, bytes FROM batches WHERE position >= ? AND position < ? ORDER BY position",
  );
  const batchByTime = db.query<{ bytes: Uint8Array }, [number, number, number]>(
    "SELECT bytes FROM batches WHERE position >= ? AND position < ? AND maxTimestamp >= ? ORDER BY position LIMIT 1",
  );
  const saveProducer = db.query("INSERT OR REPLACE INTO producers VALUES (?, ?, ?, ?)");
  const saveOffset = db.query("INSERT OR REPLACE INTO offsets VALUES (?, ?, ?, ?, ?, ?)");

  function addPartitions(topicId: number, indexes: readonly number[]): StoredPartition[] {
    return indexes.map((index) => {
      const { id } = insertPartition.get(topicId, index) as { id: number };
      return { id, index, logStart: 0, logEnd: 0 };
    });
  }

  function topicPartitions(topicId: number): StoredPartition[] {
    const rows = db
      .query<{ id: number; index: number; logStart: number }, [number]>(
        'SELECT id, partition AS "index", logStart FROM partitions WHERE topicId = ? ORDER BY partition',
      )
      .all(topicId);
    return rows.map((row) => {
      const last = lastBatch.get(position(row.id, 0), position(row.id + 1, 0));
      return { ...row, logEnd: Math.max(row.logStart, (last?.lastOffset ?? -1) + 1) };
    });
  }

  return {
    clusterId,

    topics(): StoredTopic[] {
      const rows = db
        .query<{ id: number; name: string; configs: string }, []>("SELECT * FROM topics")
        .all();
      return rows.map(({ id, name, configs }) => ({
        id,
        name,
        configs: JSON.parse(configs) as Record<string, string>,
        partitions: topicPartitions(id),
      }));
    },

    groupOffsets(): GroupOffset[] {
      const rows = db
        .query<Omit<GroupOffset, "offset"> & { offset: string }, []>(
          'SELECT groupId, topic, partition, CAST("offset" AS TEXT) AS "offset", leaderEpoch, metadata FROM offsets',
        )
        .all();
      return rows.map((row) => ({ ...row, offset: BigInt(row.offset) }));
    },

    producers(): StoredProducer[] {
      const rows = db
        .query<{ partitionId: number; producerId: number; state: string }, []>(
          "SELECT partitionId, producerId, state FROM producers ORDER BY partitionId, lastBaseOffset",
        )
        .all();
      return rows.map((row) => ({ ...row, state: JSON.parse(row.state) as ProducerState }));
    },

    transaction(work) {
      requireOpenFiles();
      db.run("BEGIN IMMEDIATE");
      try {
        work();
        db.run("COMMIT");
      } catch (error) {
        // A full disk ends the transaction by itself.
        if (db.inTransaction) db.run("ROLLBACK");
        throw error;
      }
    },

    addTopic(name, partitions, configs) {
      const { id } = insertTopic.get(name, JSON.stringify(configs)) as { id: number };
      const indexes = Array.from({ length: partitions }, (_, index) => index);
      return { id, name, configs, partitions: addPartitions(id, indexes) };
    },

    addPartitions,

    setConfigs(topicId, configs) {
      db.query("UPDATE topics SET configs = ? WHERE id = ?").run(JSON.stringify(configs), topicId);
    },

    removeTopic(topicId) {
      for (const { id } of topicPartitions(topicId)) {
        db.query("DELETE FROM producers WHERE partitionId = ?").run(id);
        db.query("DELETE FROM batches WHERE position >= ? AND position < ?").run(
          position(id, 0),
          position(id + 1, 0),
        );
      }
      db.query("DELETE FROM offsets WHERE topic = (SELECT name FROM topics WHERE id = ?)").run(
        topicId,
      );
      db.query("DELETE FROM partitions WHERE topicId = ?").run(topicId);
      db.query("DELETE FROM topics WHERE id = ?").run(topicId);
    },

    append(partitionId, batch) {
      if (batch.lastOffset >= OFFSETS_PER_PARTITION) {
        throw new AppError("STORAGE_FULL", "the partition has used up its offsets");
      }
      insertBatch.run(
        position(partitionId, batch.baseOffset),
        batch.lastOffset,
        batch.maxTimestamp,
        batch.producerId,
        batch.producerEpoch,
        batch.baseSequence,
        batch.bytes.length,
        batch.bytes,
      );
    },

    saveProducer({ partitionId, producerId, state }) {
      saveProducer.run(partitionId, producerId, lastBaseOffsetOf(state), JSON.stringify(state));
    },

    forgetProducer(partitionId, producerId) {
      db.query("DELETE FROM producers WHERE partitionId = ? AND producerId = ?").run(
        partitionId,
        producerId,
      );
    },

    deleteRecords(partitionId, logStart) {
      db.query("DELETE FROM batches WHERE position >= ? AND position < ? AND lastOffset < ?").run(
        position(partitionId, 0),
        position(partitionId, logStart),
        logStart,
      );
      db.query("UPDATE partitions SET logStart = ? WHERE id = ?").run(logStart, partitionId);
    },

    nextProducerId() {
      const row = db
        .query(
          "UPDATE broker SET nextProducerId = nextProducerId + 1 RETURNING nextProducerId - 1 AS id",
        )
        .get() as { id: number };
      return row.id;
    },

    saveOffsets(groupId, offsets) {
      for (const { topic, partition, offset, leaderEpoch, metadata } of offsets) {
        saveOffset.run(groupId, topic, partition, offset, leaderEpoch, metadata);
      }
    },

    removeGroup(groupId) {
      db.query("DELETE FROM offsets WHERE groupId = ?").run(groupId);
    },

    read(partitionId, offset, maxBytes, atLeastOne) {
      if (maxBytes <= 0 && !atLeastOne) return [];
      const holder = batchWith.get(position(partitionId, 0), position(partitionId, offset));
      const from =
        holder !== null && holder.lastOffset >= offset
          ? holder.position
          : position(partitionId, offset);
      const batches: Uint8Array[] = [];
      let left = maxBytes;
      for (const { size, bytes } of batchesFrom.iterate(from, position(partitionId + 1, 0))) {
        left -= size;
        if (left < 0 && !(atLeastOne && batches.length === 0)) break;
        batches.push(bytes);
        if (left <= 0) break;
      }
      return batches;
    },

    findByTimestamp(partitionId, timestamp) {
      const from = position(partitionId, 0);
      return batchByTime.get(from, position(partitionId + 1, 0), timestamp)?.bytes;
    },

    close() {
      db.close();
    },
  };
}

import type { Mutant } from "../mutant.ts";

export const OUTBOX_STORE: readonly Mutant[] = [
  {
    name: "rows-are-read-backwards",
    breaks: "Rows are published in the order of their ids.",
    file: "shared/outbox/sqlite/outbox-store.ts",
    find: `ORDER BY id LIMIT ?\`,
  );
}`,
    put: `ORDER BY id DESC LIMIT ?\`,
  );
}`,
    test: "shared/outbox/relay-model.test.ts › whatever happens to it, a relay publishes every row in order and marks only what is written",
  },
  {
    name: "a-parked-row-holds-no-key",
    breaks: "A record that the broker refuses holds back its own key.",
    file: "shared/outbox/sqlite/outbox-store.ts",
    find: "AND parked.partitionKey = row.partitionKey AND parked.id < row.id)",
    put: "AND parked.partitionKey = row.partitionKey AND parked.id > row.id)",
    test: "shared/outbox/relay-refusal.test.ts › a record that the broker refuses is parked, its key waits, and all others are published once",
  },
  {
    name: "a-parked-row-holds-all-later-ones",
    breaks: "A record that the broker refuses holds back nothing but its own key.",
    file: "shared/outbox/sqlite/outbox-store.ts",
    find: "AND parked.partitionKey = row.partitionKey AND parked.id < row.id)",
    put: "AND parked.partitionKey IS NOT NULL AND parked.id < row.id)",
    test: "shared/outbox/relay-refusal.test.ts › a record that the broker refuses is parked, its key waits, and all others are published once",
  },
  {
    name: "a-living-owner-loses-its-lease",
    breaks: "No two workers hold the lease at once.",
    file: "shared/outbox/lease.ts",
    find: "return isGone;",
    put: "return !isGone;",
    test: "shared/outbox/sqlite/lease-record.test.ts › with random times, deaths and returns no two workers hold the lease at once",
  },
  {
    name: "a-lease-ends-by-the-time-of-day",
    breaks: "A clock that is set does not end a lease.",
    file: "shared/outbox/lease.ts",
    find: "row.owner === own.owner || row.expiresAt === 0 || isOver) return true;",
    put: "row.owner === own.owner || row.expiresAt <= Date.now() || isOver) return true;",
    test: "shared/outbox/sqlite/lease-record.test.ts › a clock that is set by %d ms makes neither two owners nor none",
  },
  {
    name: "pending-rows-are-pruned",
    breaks: "Pruning never takes a pending event.",
    file: "shared/outbox/sqlite/settled-rows.ts",
    find: "(isPublished = 1 AND parkedAt IS NULL AND publishedAt < $before)",
    put: "(parkedAt IS NULL AND coalesce(publishedAt, createdAt) < $before)",
    test: "shared/outbox/sqlite/settled-rows.test.ts › only rows that were settled long enough ago are pruned, wherever they stand",
  },
  {
    name: "parked-rows-are-pruned",
    breaks: "Pruning never takes a parked event.",
    file: "shared/outbox/sqlite/settled-rows.ts",
    find: "OR (discardedAt IS NOT NULL AND discardedAt < $before)",
    put: "OR (parkedAt IS NOT NULL AND coalesce(discardedAt, parkedAt) < $before)",
    test: "shared/outbox/sqlite/settled-rows.test.ts › only rows that were settled long enough ago are pruned, wherever they stand",
  },
  {
    name: "a-step-of-pruning-takes-all-rows",
    breaks: "Orders are taken while rows are pruned.",
    file: "shared/units/prune.ts",
    find: "const ROWS_PER_UNIT = 50;",
    put: "const ROWS_PER_UNIT = 5_000;",
    test: "shared/sqlite/prune.test.ts › while rows are pruned, writes go on between steps of at most fifty rows",
  },
  {
    name: "a-discarded-row-holds-its-key",
    breaks: "Discarding a parked row frees its key's later rows.",
    file: "shared/outbox/sqlite/outbox-store.ts",
    find: `WHERE parked.parkedAt IS NOT NULL AND parked.discardedAt IS NULL
           AND parked.topic`,
    put: `WHERE parked.parkedAt IS NOT NULL
           AND parked.topic`,
    test: "shared/outbox/sqlite/outbox-desk.test.ts › a discarded row frees its key's later rows, and wakes the relay",
  },
  {
    name: "a-redriven-row-keeps-its-attempts",
    breaks: "A redriven row has all its attempts again.",
    file: "shared/outbox/sqlite/outbox-desk.ts",
    find: "SET parkedAt = NULL, attempts = 0 WHERE",
    put: "SET parkedAt = NULL WHERE",
    test: "shared/outbox/sqlite/outbox-desk.test.ts › a redriven row has all its attempts again, and wakes the relay",
  },
  {
    name: "a-redrive-wakes-nobody",
    breaks: "A redriven row wakes the relay.",
    file: "shared/outbox/sqlite/outbox-desk.ts",
    find: `wake?.();
      return released;`,
    put: "return released;",
    test: "shared/outbox/sqlite/outbox-desk.test.ts › a redriven row has all its attempts again, and wakes the relay",
  },
  {
    name: "marks-are-not-fenced",
    breaks: "Marks of a former owner of the lease are fenced off.",
    file: "shared/outbox/sqlite/outbox-store.ts",
    find: "EXISTS (SELECT 1 FROM relay_lease WHERE fencing = ?)",
    put: "EXISTS (SELECT 1 FROM relay_lease WHERE ? > 0)",
    test: "shared/outbox/sqlite/outbox-store.test.ts › marks of a former owner of the lease change nothing",
  },
  {
    name: "an-outage-drains-from-its-end",
    breaks: "All rows of an outage drain in order.",
    file: "shared/outbox/sqlite/outbox-store.ts",
    find: `ORDER BY id LIMIT ?\`,
  );
}`,
    put: `ORDER BY id DESC LIMIT ?\`,
  );
}`,
    test: "shared/system/e2e/outages.test.ts › an outage of many failed rounds charges and parks nothing, and drains in order",
  },
  {
    name: "two-relays-keep-no-order",
    breaks: "Two instances on one database keep the order.",
    file: "shared/outbox/sqlite/outbox-store.ts",
    find: `ORDER BY id LIMIT ?\`,
  );
}`,
    put: `ORDER BY id DESC LIMIT ?\`,
  );
}`,
    test: "shared/system/e2e/two-instances.test.ts › two order-services on one database publish nothing twice and keep order while one dies again and again",
  },
  {
    name: "a-store-gives-rows-behind-a-parked-one",
    breaks: "Behind a parked row wait the later rows of its key.",
    file: "shared/outbox/sqlite/outbox-store.ts",
    find: "AND parked.partitionKey = row.partitionKey AND parked.id < row.id)",
    put: "AND parked.partitionKey = row.partitionKey AND parked.id = row.id)",
    test: "shared/outbox/sqlite/outbox-store.test.ts › behind a parked row wait the later rows of its key in its topic, and nothing else",
  },
  {
    name: "a-read-knows-no-bytes",
    breaks: "A read ends with what a round can carry, however many rows wait.",
    file: "shared/outbox/sqlite/outbox-store.ts",
    find: "if (size > characters) break;",
    put: "if (size > characters + 1_000_000) break;",
    test: "shared/outbox/sqlite/outbox-store.test.ts › a read ends with the row after those that fill a round",
  },
  {
    name: "a-read-gives-what-is-on-its-way",
    breaks: "Rows that are on their way are not read again.",
    file: "shared/outbox/sqlite/outbox-store.ts",
    find: "AND id NOT IN (SELECT value FROM json_each(?))",
    put: "AND id > coalesce((SELECT max(value) FROM json_each(?)), 0)",
    test: "shared/outbox/sqlite/outbox-store.test.ts › rows that are on their way are left out, whatever is pending before or between them",
  },
  {
    name: "a-partition-count-is-recorded-again",
    breaks: "The partition count of the first contact stays until an operator changes it.",
    file: "shared/outbox/sqlite/outbox-store.ts",
    find: `VALUES (?, ?, ?)
     ON CONFLICT (topic) DO NOTHING`,
    put: `VALUES (?, ?, ?)
     ON CONFLICT (topic) DO UPDATE SET partitions = excluded.partitions`,
    test: "shared/outbox/sqlite/outbox-store.test.ts › the first contact with a topic records its partition count, and no later one changes it",
  },
  {
    name: "a-lease-is-taken-while-it-is-held",
    breaks: "Of workers that want the lease at once, one gets it.",
    file: "shared/outbox/sqlite/lease-record.ts",
    find: `fencing, expiresAt) VALUES (1, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO NOTHING`,
    put: `fencing, expiresAt) VALUES (1, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET owner = excluded.owner`,
    test: "shared/outbox/sqlite/lease-record.test.ts › of workers that want a free lease at once, one gets it, and the others do not disturb it",
  },
  {
    name: "a-lease-is-replaced-whatever-it-says",
    breaks: "No two workers hold the lease at once, also when both saw that it was over.",
    file: "shared/outbox/sqlite/lease-record.ts",
    find: "WHERE owner = ? AND fencing = ? AND expiresAt = ?",
    put: "WHERE coalesce(?, ?, ?) IS NOT NULL",
    test: "shared/outbox/sqlite/lease-record.test.ts › of workers that want a lease at once which is over, one gets it",
  },
  {
    name: "anybody-gives-the-lease-back",
    breaks: "A lease is given back by its owner alone.",
    file: "shared/outbox/sqlite/lease-record.ts",
    find: "SET expiresAt = 0 WHERE owner = ?",
    put: "SET expiresAt = 0 WHERE owner = owner OR owner = ?",
    test: "shared/outbox/sqlite/lease-record.test.ts › the record is replaced only when it says what was seen, and given back by its owner alone",
  },
  {
    name: "a-discarded-row-is-redriven",
    breaks: "A discarded row is given up for good.",
    file: "shared/outbox/sqlite/outbox-desk.ts",
    find: `parked: "parkedAt IS NOT NULL AND discardedAt IS NULL AND isPublished = 0"`,
    put: `parked: "parkedAt IS NOT NULL AND isPublished = 0"`,
    test: "shared/outbox/sqlite/outbox-desk.test.ts › neither a discarded nor a published row is redriven",
  },
];

import type { Mutant } from "../mutant.ts";

export const RELAY: readonly Mutant[] = [
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
    name: "refused-rows-count-as-written",
    breaks: "Only what the broker has acknowledged is marked.",
    file: "shared/outbox/relay.ts",
    find: "round.parts.filter((_, index) => outcomes[index]?.error === undefined)",
    put: "round.parts.filter((_, index) => outcomes.length > index)",
    test: "shared/outbox/relay-model.test.ts › whatever happens to it, a relay publishes every row in order and marks only what is written",
  },
  {
    name: "a-round-of-unknown-outcome-is-given-up",
    breaks: "A round of unknown outcome is sent again as it was, before anything else.",
    file: "shared/outbox/relay.ts",
    find: "const round = unknown ?? ahead ?? (await readRound(connection.partitions));",
    put: "const round = ahead ?? (await readRound(connection.partitions));",
    test: "shared/outbox/relay-model.test.ts › whatever happens to it, a relay publishes every row in order and marks only what is written",
  },
  {
    name: "rows-that-cannot-be-marked-are-forgotten",
    breaks: "Rows that are acknowledged but cannot be marked are marked later, not sent again.",
    file: "shared/outbox/relay.ts",
    find: `const marked = await store.markPublished(ids, new Date(now()).toISOString(), lease?.fencing());
    unmarked = [];`,
    put: `unmarked = [];
    const marked = await store.markPublished(ids, new Date(now()).toISOString(), lease?.fencing());`,
    test: "shared/outbox/relay-refusal.test.ts › rows that are acknowledged but cannot be marked are marked later, not sent again",
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
    name: "an-owner-is-known-by-its-process-id",
    breaks: "What is alive is not taken for dead.",
    file: "shared/outbox/lease.ts",
    find: "return isGone;",
    put: "return row.pid === own.pid || isGone;",
    test: "shared/outbox/sqlite/lease-record.test.ts › an owner that lives is not taken for dead for its host and process id, and a dead one is found at once",
  },
  {
    name: "a-dead-owner-is-waited-for",
    breaks: "A dead owner's lease is taken over at once.",
    file: "shared/outbox/lease.ts",
    find: "return isGone;",
    put: "return isGone && isOver;",
    test: "shared/outbox/sqlite/lease-record.test.ts › an owner that lives is not taken for dead for its host and process id, and a dead one is found at once",
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
    name: "an-event-id-is-made-when-it-is-sent",
    breaks: "A crash between ack and mark publishes the same event id again.",
    file: "shared/outbox/round.ts",
    find: "id: row.eventId,",
    put: "id: crypto.randomUUID(),",
    test: "shared/system/e2e/crashes.test.ts › killed after the broker's ack and before the mark, the same event id is published again",
  },
  {
    name: "rows-are-marked-before-they-are-sent",
    breaks: "A crash between ack and mark publishes again what is not marked.",
    file: "shared/outbox/relay.ts",
    find: "const answer = publisher.send(round.parts);",
    put: `await store.markPublished(idsOf(round.parts), new Date(now()).toISOString(), lease?.fencing());
    const answer = publisher.send(round.parts);`,
    test: "shared/system/e2e/crashes.test.ts › killed after the broker's ack and before the mark, the same event id is published again",
  },
  {
    name: "an-outage-is-charged-to-rows",
    breaks: "An outage is not a message's fault: nothing is charged, nothing parked.",
    file: "shared/outbox/relay.ts",
    find: "return memory.noteFailure(error);",
    put: `void store
      .readPending(new Map([["order_created", 6]]), [], { rows: 1, bytes: 1 })
      .then((rows) => rows.map(({ id }) => store.chargeRefusal(id, String(error), null)));
    return memory.noteFailure(error);`,
    test: "shared/system/e2e/outages.test.ts › an outage of many failed rounds charges and parks nothing, and drains in order",
  },
  {
    name: "no-broker-no-orders",
    breaks: "Orders are accepted with no broker in sight.",
    file: "services/order-service/src/app.ts",
    find: "const key = readIdempotencyKey(request.headers);",
    put: `if (deps.health.broker?.() !== "up") throw new AppError("OVERLOADED", "there is no broker");
        const key = readIdempotencyKey(request.headers);`,
    test: "shared/system/e2e/outages.test.ts › orders accepted with no broker in sight are all worked once it appears",
  },
  {
    name: "a-consumer-waits-for-no-broker",
    breaks: "Orders that were accepted with no broker in sight are worked when it appears.",
    file: "shared/kafka/consumer.ts",
    find: "noteFailure(brokerError(error));",
    put: `noteFailure(brokerError(error));
        return;`,
    test: "shared/system/e2e/outages.test.ts › orders accepted with no broker in sight are all worked once it appears",
  },
  {
    name: "nobody-stands-by",
    breaks: "One relay publishes from a database.",
    file: "shared/outbox/relay.ts",
    find: "const held = (await lease?.ensure()) ?? true;",
    put: "const held = ((await lease?.ensure()) ?? true) || now() > 0;",
    test: "shared/system/e2e/two-instances.test.ts › two order-services on one database publish nothing twice and keep order while one dies again and again",
  },
  {
    name: "a-changed-partition-count-is-taken-as-it-is",
    breaks: "A topic whose partition count changed gets nothing until an operator accepts that.",
    file: "shared/outbox/partition-guard.ts",
    find: "if (before !== partitions) throw changed(service, topic, before, partitions);",
    put: "if (before > partitions) throw changed(service, topic, before, partitions);",
    test: "shared/outbox/partition-guard.test.ts › a topic whose partition count changed gets nothing until that is accepted, then everything",
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
    name: "a-step-deletes-outside-of-its-transaction",
    breaks: "A service that dies while it prunes leaves a whole database.",
    file: "shared/sqlite/prunable-table.ts",
    find: `queue.run(() => {
        const gone = remove(keys, before);
        tellPruneCrashPoint("inside", table, gone);
        return gone;
      }),`,
    put: `queue
        .run(() => 0)
        .then(() => {
          const gone = remove(keys, before);
          tellPruneCrashPoint("inside", table, gone);
          return gone;
        }),`,
    test: 'shared/outbox/sqlite/settled-rows.test.ts › killed when a step is "…", the database is whole and pruning goes on',
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
    name: "a-hold-that-has-ended-is-waited-for",
    breaks:
      "A partition whose hold ends while the table is read is tried without waiting for a poll.",
    file: "shared/outbox/relay.ts",
    find: "holds.nextRelease(lookedAt) ?? Number.POSITIVE_INFINITY",
    put: "holds.nextRelease(monotonic()) ?? Number.POSITIVE_INFINITY",
    test: "shared/outbox/relay.test.ts › a partition whose hold ends while the table is read is tried without waiting for a poll",
  },
  {
    name: "an-outbox-takes-any-data",
    breaks:
      "An event that no reader would take is refused where it is made, and nothing is stored.",
    file: "shared/outbox/publish.ts",
    find: "requireEventData<EventMap>(events, eventType, data);",
    put: "if (eventType === undefined) requireEventData<EventMap>(events, eventType, data);",
    test: "shared/outbox/sqlite/append.test.ts › an event with %s is refused where it is made, and nothing is stored",
  },
  {
    name: "an-outbox-takes-any-type",
    breaks:
      "An event that no reader would take is refused where it is made, and nothing is stored.",
    file: "shared/events/define-events.ts",
    find: "if (check === undefined) return [{ path",
    put: "if (check === undefined) return type ? [] : [{ path",
    test: "shared/outbox/sqlite/append.test.ts › an event with %s is refused where it is made, and nothing is stored",
  },
  {
    name: "failures-stay-while-rows-are-marked",
    breaks: "Who sees rows published after an outage sees no failure any more.",
    file: "shared/outbox/relay.ts",
    find: `memory.noteSuccess();
    await restAfter(round);`,
    put: "await restAfter(round);",
    test: "shared/outbox/relay.test.ts › who sees rows published after an outage sees no failure any more",
  },
  {
    name: "a-new-owner-gets-the-old-number",
    breaks: "The fencing number grows with every change of hands.",
    file: "shared/outbox/lease.ts",
    find: "(row?.fencing ?? 0) + 1",
    put: "(row?.fencing ?? 1)",
    test: "shared/outbox/sqlite/lease-record.test.ts › of two workers on one file one holds the lease, and the other takes it when it is over",
  },
  {
    name: "an-outage-parks-rows",
    breaks: "An outage is not a message's fault: nothing is parked.",
    file: "shared/outbox/relay.ts",
    find: "return memory.noteFailure(error);",
    put: `const at = new Date(now()).toISOString();
    const isLong = status.failures > 5;
    void store
      .readPending(new Map([["order_created", 6]]), [], { rows: 1, bytes: 1 })
      .then((rows) => rows.map(({ id }) => isLong && store.chargeRefusal(id, "gone", at)));
    return memory.noteFailure(error);`,
    test: "shared/system/e2e/outages.test.ts › an outage of many failed rounds charges and parks nothing, and drains in order",
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
  {
    name: "a-stop-comes-too-early",
    breaks: "A worker that is stopped while its database is opened ends.",
    file: "shared/outbox/serve-worker.ts",
    find: "if (stopping) relay.stop();",
    put: "if (stopping) relay.wake();",
    test: "shared/outbox/worker.test.ts › a worker that is stopped while its database is opened ends",
  },
  {
    name: "marks-are-not-waited-for",
    breaks: "A database that answers late makes a relay forget no mark.",
    file: "shared/outbox/relay.ts",
    find: `await nextTurn();
      await markAcknowledged();`,
    put: `await nextTurn();
      void markAcknowledged().catch(() => {});`,
    test: "shared/outbox/relay-model.test.ts › whatever happens to it, a relay publishes every row in order and marks only what is written",
  },
];

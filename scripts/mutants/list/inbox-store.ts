import type { Mutant } from "../mutant.ts";

/** What a store of an inbox keeps, whatever it is made of. */
const STORE = "shared/inbox/sqlite/inbox-store.test.ts › ";

export const INBOX_STORE: readonly Mutant[] = [
  {
    name: "an-offset-stays-where-it-was",
    breaks: "An event takes effect in one transaction with its offset.",
    file: "shared/inbox/sqlite/inbox-writers.ts",
    find: "tracker.watermark(offsets), at);",
    put: "last.offset ?? tracker.watermark(offsets), at);",
    test: "shared/inbox/exactly-once.test.ts › an event takes effect in one transaction with its inbox row and offset",
  },
  {
    name: "a-held-event-holds-all-others",
    breaks: "A poisoned event holds back nothing but its own key.",
    file: "shared/inbox/sqlite/inbox-store.ts",
    find: '"SELECT state FROM held_events WHERE eventKey = ? AND consumer = ? ORDER BY id"',
    put: '"SELECT state FROM held_events WHERE eventKey >= ? OR consumer = ? ORDER BY id"',
    test: "shared/inbox/redrive.test.ts › one poisoned event among many holds back nine of its key and nothing else",
  },
  {
    name: "a-redrive-begins-at-the-end",
    breaks: "A redrive delivers the key in order.",
    file: "shared/inbox/sqlite/inbox-store.ts",
    find: '"SELECT * FROM held_events WHERE eventKey = ? AND consumer = ? ORDER BY id"',
    put: '"SELECT * FROM held_events WHERE eventKey = ? AND consumer = ? ORDER BY state, id DESC"',
    test: "shared/inbox/redrive.test.ts › one poisoned event among many holds back nine of its key and nothing else",
  },
  {
    name: "an-id-alone-names-an-event",
    breaks: "An event is known by its source and its id together.",
    file: "shared/inbox/sqlite/inbox-writers.ts",
    find: `const { id, source, type } = event;
      const { topic, partition, offset } = record;`,
    put: `const { id, type } = event;
      const source = "";
      const { topic, partition, offset } = record;`,
    test: "shared/inbox/exactly-once.test.ts › an event is known by its source and its id together",
  },
  {
    name: "an-offset-goes-back",
    breaks: "Work that was begun before does not set an offset back.",
    file: "shared/inbox/sqlite/inbox-writers.ts",
    find: "WHERE excluded.nextOffset > nextOffset",
    put: "WHERE excluded.nextOffset <> nextOffset",
    test: `${STORE}work that was begun before does not set an offset back`,
  },
  {
    name: "an-offset-is-ahead",
    breaks: "The stored offset never passes an unfinished event.",
    file: "shared/inbox/sqlite/inbox-writers.ts",
    find: "if (value.offset !== undefined) known.offsets.add(value.offset);",
    put: "for (let o = 0; o <= (value.offset ?? -1); o++) known.offsets.add(o);",
    test: `${STORE}an offset passes no record that is open, whatever was finished after it`,
  },
  {
    name: "consumers-share-their-offsets",
    breaks: "Two consumers of one database know nothing of each other's offsets.",
    file: "shared/inbox/sqlite/inbox-store.ts",
    find: "WHERE consumer = ? AND clusterId = ? AND topic = ? AND partition = ?`",
    put: "WHERE consumer <= ? AND clusterId = ? AND topic = ? AND partition = ?`",
    test: `${STORE}a partition goes on after its finished records, of each consumer and cluster alone`,
  },
  {
    name: "what-another-consumer-applied-is-known",
    breaks: "Two consumers of one database both apply every event.",
    file: "shared/inbox/sqlite/inbox-store.ts",
    find: '"SELECT 1 AS found FROM inbox WHERE eventId = ? AND source = ? AND consumer = ?"',
    put: '"SELECT 1 AS found FROM inbox WHERE eventId = ? AND source = ? AND consumer <> coalesce(?, 1)"',
    test: `${STORE}an event is applied once by each consumer, and is known by its source and id`,
  },
  {
    name: "a-known-event-is-taken-twice",
    breaks: "An event that is worked on twice at once takes effect once.",
    file: "shared/inbox/sqlite/inbox-writers.ts",
    find: "if (!remember(applied)) return",
    put: 'if (!remember(applied) && applied.at === "") return',
    test: `${STORE}of one event that is worked on twice at once one is applied, and the other leaves nothing`,
  },
  {
    name: "an-inbox-forgets-for-others",
    breaks: "Pruning takes the events of its own consumer alone.",
    file: "shared/inbox/sqlite/prunable-inbox.ts",
    find: "consumer = $own AND processedAt < $before AS old",
    put: "$own <> '' AND processedAt < $before AS old",
    test: `${STORE}old events are forgotten, and those of their consumer alone`,
  },
  {
    name: "a-request-reaches-any-consumer",
    breaks: "What is asked of a held event goes to the consumer that holds it.",
    file: "shared/inbox/sqlite/inbox-store.ts",
    find: "coalesce(consumer, ?1) = ?1 ORDER BY id",
    put: "coalesce(consumer, ?1) <> '' ORDER BY id",
    test: `${STORE}requests come in order, to their consumer or to whichever there is, until they are finished`,
  },
  {
    name: "a-key-comes-in-no-order",
    breaks: "A key's held events come in the order in which they were held.",
    file: "shared/inbox/sqlite/inbox-store.ts",
    find: '"SELECT state FROM held_events WHERE eventKey = ? AND consumer = ? ORDER BY id"',
    put: '"SELECT state FROM held_events WHERE eventKey = ? AND consumer = ? ORDER BY id DESC"',
    test: `${STORE}a key's events come in the order in which they were held, each consumer's alone`,
  },
  {
    name: "an-empty-look-is-believed-for-ever",
    breaks: "A look sees what was held right before it.",
    file: "shared/inbox/sqlite/inbox-store.ts",
    find: "if (snapshot === empty) return [];",
    put: "if (empty !== undefined) return [];",
    test: `${STORE}a look sees what was held right before it, and no longer what was released`,
  },
  {
    name: "a-repeated-record-overwrites-its-hold",
    breaks: "A held record that is read again stays held as it is.",
    file: "shared/inbox/sqlite/inbox-writers.ts",
    find: `ON CONFLICT (consumer, clusterId, topic, partition, "offset") DO NOTHING`,
    put: `ON CONFLICT (consumer, clusterId, topic, partition, "offset") DO UPDATE
       SET state = excluded.state, lastError = excluded.lastError`,
    test: `${STORE}a record that is read again stays held as it is; another cluster's is another`,
  },
  {
    name: "a-discard-is-more-than-one-transaction",
    breaks: "A held event is discarded together with its entry in the audit, or not at all.",
    file: "shared/inbox/sqlite/inbox-store.ts",
    find: `        release.run(id);
        audit(entry);`,
    put: `        release.run(id);
      });
      await queue.run(() => {
        audit(entry);`,
    test: `${STORE}a discard that cannot be put on record does not take place`,
  },
  {
    name: "a-clock-that-was-ahead-delays-retries",
    breaks: "A retry whose time is further away than any that is planned is due.",
    file: "shared/inbox/sqlite/inbox-store.ts",
    find: "(nextAttemptAt <= ? OR nextAttemptAt > ?)",
    put: "(nextAttemptAt <= ? OR nextAttemptAt > '9' || ?)",
    test: `${STORE}retries are due by their time, the longest due first, and each consumer's alone`,
  },
  {
    name: "a-held-event-keeps-its-key",
    breaks: "A held event that stands alone gives up its key.",
    file: "shared/inbox/sqlite/inbox-writers.ts",
    find: "eventKey = iif(?, NULL, eventKey)",
    put: "eventKey = iif(?, eventKey, eventKey)",
    test: `${STORE}an event that stands alone gives up its key, and nothing waits for it`,
  },
  {
    name: "idle-keys-of-all-consumers-are-woken",
    breaks: "Two consumers of one database know nothing of each other's held events.",
    file: "shared/inbox/sqlite/inbox-store.ts",
    find: "WHERE eventKey > ? AND consumer = ? AND state IN ('BEHIND', 'WAITING')",
    put: "WHERE eventKey > ? AND consumer >= ? AND state IN ('BEHIND', 'WAITING')",
    test: `${STORE}keys whose events only wait are found page by page, each consumer's alone`,
  },
  {
    name: "numbers-of-held-events-are-given-again",
    breaks: "A database of the version before gives no held event a number that was given.",
    file: "shared/inbox/sqlite/schema.ts",
    find: "SET seq = max(seq, (SELECT seq FROM sqlite_sequence WHERE name = 'held_events'))",
    put: "SET seq = max(seq, 0)",
    test: "shared/inbox/sqlite/schema.test.ts › such an inbox goes on: nothing is applied twice, read again, or given a number that was given",
  },
  {
    name: "a-migration-forgets-where-nothing-was-read",
    breaks: "An inbox of the version before keeps every row.",
    file: "shared/inbox/sqlite/schema.ts",
    find: "nextOffset, updatedAt FROM consumer_offsets;",
    put: "nextOffset, updatedAt FROM consumer_offsets WHERE nextOffset > 0;",
    test: "shared/inbox/sqlite/schema.test.ts › an inbox of the version before keeps every row, as its consumer's own",
  },
  {
    name: "two-consumers-remember-as-one",
    breaks: "Two consumers of one database both apply every event, whatever crashes.",
    file: "shared/inbox/sqlite/inbox-writers.ts",
    find: "insert.run(id, source, consumer, type, topic, partition, offset, at).changes > 0;",
    put: "insert.run(id, source, consumer && '', type, topic, partition, offset, at).changes > 0;",
    test: 'shared/inbox/stop-and-crash.test.ts › two consumers of one database apply an event once each when their process dies after "…" of one (…)',
  },
];

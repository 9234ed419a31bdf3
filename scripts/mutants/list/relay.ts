import type { Mutant } from "../mutant.ts";

export const RELAY: readonly Mutant[] = [
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
    find: "const round = inDoubt ?? ahead ?? (await readRound(connection.partitions));",
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
    name: "rows-are-marked-before-the-answer",
    breaks: "A row is marked only when the broker has acknowledged it.",
    file: "shared/outbox/relay.ts",
    find: "const work = workInFlight(round, partitions);",
    put: `await store.markPublished(idsOf(round.parts), new Date(now()).toISOString(), lease?.fencing());
    const work = workInFlight(round, partitions);`,
    test: "shared/outbox/relay.test.ts › a round is read, sent, acknowledged and marked, in this order",
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
    put: `if (deps.operations.health.broker?.() !== "up") throw new AppError("OVERLOADED", "there is no broker");
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

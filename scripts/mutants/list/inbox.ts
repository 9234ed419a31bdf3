import type { Mutant } from "../mutant.ts";

export const INBOX: readonly Mutant[] = [
  {
    name: "an-event-is-not-remembered",
    breaks: "An event takes effect in one transaction with its inbox row.",
    file: "shared/inbox/work.ts",
    find: "if (!deps.store.recordApplied(event, record, at)) return false;",
    put: "if (deps.store.hasApplied(event)) return false;",
    test: "shared/inbox/exactly-once.test.ts › an event takes effect in one transaction with its inbox row and offset",
  },
  {
    name: "an-offset-stays-where-it-was",
    breaks: "An event takes effect in one transaction with its offset.",
    file: "shared/inbox/event-commits.ts",
    find: "store.advance(clusterId, record.topic, record.partition, tracker.watermark(), at);",
    put: "store.advance(clusterId, record.topic, record.partition, record.offset, at);",
    test: "shared/inbox/exactly-once.test.ts › an event takes effect in one transaction with its inbox row and offset",
  },
  {
    name: "known-events-are-worked-again",
    breaks: "An event takes effect once, however often it is published.",
    file: "shared/inbox/process-record.ts",
    find: 'if (store.hasApplied(event)) return "KNOWN";',
    put: 'if (event.id === "") return "KNOWN";',
    test: "shared/inbox/exactly-once.test.ts › an event that was published again is neither prepared nor applied again",
  },
  {
    name: "an-effect-comes-before-its-transaction",
    breaks: "A consumer that dies at any step of an event leaves one effect.",
    file: "shared/inbox/work.ts",
    find: `const fresh = await commit((at) => {
      if (!deps.store.recordApplied(event.id, event.type, record, at)) return false;
      handler.apply(event as never, prepared as never);`,
    put: `handler.apply(event as never, prepared as never);
    const fresh = await commit((at) => {
      if (!deps.store.recordApplied(event.id, event.type, record, at)) return false;`,
    test: 'shared/inbox/stop-and-crash.test.ts › an event takes effect once when the process dies after "…"',
  },
  {
    name: "an-offset-moves-when-an-event-arrives",
    breaks: "A consumer that dies at any step of an event leaves one effect.",
    file: "shared/inbox/process-record.ts",
    find: 'tellStep("received", event);',
    put: `await commits.commit(place, () => {});
  tellStep("received", event);`,
    test: 'shared/inbox/stop-and-crash.test.ts › an event takes effect once when the process dies after "…"',
  },
  {
    name: "a-charge-has-a-key-of-its-own-each-time",
    breaks: "A death in the middle leaves one charge.",
    file: "services/payment-service/src/process-payment.ts",
    find: "deps.provider.charge({ idempotencyKey: id, orderId,",
    put: `deps.provider.charge({ idempotencyKey: \`\${id}/\${deps.now()}\`, orderId,`,
    test: "shared/testing/e2e/crashes.test.ts › payment-service killed when an event is …: one charge, one payment, one result",
  },
  {
    name: "the-watermark-passes-open-records",
    breaks: "The stored offset never passes an unfinished event.",
    file: "shared/inbox/offset-tracker.ts",
    find: `for (const [offset, state] of records) if (state === "started") return offset;
      return next;`,
    put: `let done = next;
      for (const [offset, state] of records) if (state === "started") done = offset;
      return done;`,
    test: "shared/inbox/offset-tracker.test.ts › with random orders and rollbacks the watermark never passes an unfinished record",
  },
  {
    name: "each-topic-has-lanes-of-its-own",
    breaks: "Events of one order take effect in order, across topics.",
    file: "shared/inbox/start-inbox.ts",
    find: "await lanes.enter(reading.key, work, until)",
    put: `await lanes.enter(\`\${batch.topic} \${reading.key}\`, work, until)`,
    test: "shared/inbox/exactly-once.test.ts › events of one order run in order across topics, those of others beside them",
  },
  {
    name: "a-message-waits-for-no-other",
    breaks: "An event that comes before its predecessor waits for it.",
    file: "services/notification-service/src/notify.ts",
    find: "after === undefined || notifications.wasNotified(subject, after)",
    put: "after !== subject || notifications.wasNotified(subject, after)",
    test: "shared/testing/e2e/held.test.ts › a payment result that reaches notification-service before its order waits for it",
  },
  {
    name: "a-failed-payment-is-told-before-its-order",
    breaks: "The message of a failed payment waits for that of its order.",
    file: "services/notification-service/src/main.ts",
    find: 'PAYMENT_FAILED: notify(deps, "ORDER_CREATED"),',
    put: "PAYMENT_FAILED: notify(deps),",
    test: "shared/testing/e2e/held.test.ts › a payment result that reaches notification-service before its order waits for it",
  },
  {
    name: "later-events-overtake-a-held-one",
    breaks: "A poisoned event holds back its own key.",
    file: "shared/inbox/held-rules.ts",
    find: 'if (heldOfKey.some((state) => state !== "WAITING")) return "BEHIND";',
    put: 'if (heldOfKey.length > 9) return "BEHIND";',
    test: "shared/inbox/redrive.test.ts › one poisoned event among 10,000 holds back nine of its key and nothing else",
  },
  {
    name: "a-held-event-holds-all-others",
    breaks: "A poisoned event holds back nothing but its own key.",
    file: "shared/inbox/store.ts",
    find: '"SELECT state FROM held_events WHERE eventKey = ? ORDER BY id"',
    put: '"SELECT state FROM held_events WHERE eventKey >= ? OR true ORDER BY id"',
    test: "shared/inbox/redrive.test.ts › one poisoned event among 10,000 holds back nine of its key and nothing else",
  },
  {
    name: "a-redrive-begins-at-the-end",
    breaks: "A redrive delivers the key in order.",
    file: "shared/inbox/store.ts",
    find: '"SELECT * FROM held_events WHERE eventKey = ? ORDER BY id"',
    put: '"SELECT * FROM held_events WHERE eventKey = ? ORDER BY state, id DESC"',
    test: "shared/inbox/redrive.test.ts › one poisoned event among 10,000 holds back nine of its key and nothing else",
  },
  {
    name: "a-full-disk-is-an-events-fault",
    breaks: "A full disk is no event's fault: it is waited out.",
    file: "shared/inbox/work.ts",
    find: '["STORAGE_FULL", "STORAGE_FAILED", "OVERLOADED"].includes(errorCodeOf(error))',
    put: '["STORAGE_FAILED", "OVERLOADED"].includes(errorCodeOf(error))',
    test: "shared/inbox/storage-full.test.ts › events that meet a full database wait for room and then take effect once",
  },
  {
    name: "reading-begins-where-kafka-is",
    breaks: "The database's offset is the truth, whatever Kafka has stored.",
    file: "shared/kafka/consumer-session.ts",
    find: "consumer.seek({ topic, partition, offset: String(startOffset(topic, partition) ?? 0) });",
    put: `const known = startOffset(topic, partition);
    if (known === undefined) consumer.seek({ topic, partition, offset: "0" });`,
    test: "shared/inbox/offsets.test.ts › a restored backup goes on where it was, whatever was reported to Kafka",
  },
  {
    name: "a-window-that-is-too-short-is-obeyed",
    breaks: "The inbox outlives its topics: a window that is too short is refused.",
    file: "shared/inbox/window.ts",
    find: "if (explicit && longest !== undefined && setting < neededMs) {",
    put: "if (explicit && longest !== undefined && setting < 0) {",
    test: "shared/inbox/retention.test.ts › a setting that is too short is refused with the sum, and nothing is forgotten",
  },
  {
    name: "an-inbox-forgets-before-the-broker-answers",
    breaks: "Without an answer of the broker nothing is forgotten.",
    file: "shared/inbox/retention.ts",
    find: 'verdict.state === "pruning" ? new Date(now() - verdict.keepMs).toISOString() : undefined,',
    put: 'new Date(now() - ("keepMs" in verdict ? verdict.keepMs : MARGIN_MS)).toISOString(),',
    test: "shared/inbox/retention.test.ts › without a broker nothing is forgotten",
  },
];

import type { Mutant } from "../mutant.ts";

export const INTAKE: readonly Mutant[] = [
  {
    name: "commits-do-not-reach-the-disk",
    breaks: "A 201 means that order and event are on the disk.",
    file: "shared/sqlite/open.ts",
    find: 'const { synchronous = "FULL", busyTimeoutMs',
    put: 'const { synchronous = "NORMAL", busyTimeoutMs',
    test: "services/order-service/src/create-order.test.ts › an accepted order has its row and its event",
  },
  {
    name: "an-event-follows-in-another-transaction",
    breaks: "Order and event are stored in one transaction.",
    file: "services/order-service/src/accept-order.ts",
    find: "const result = await units.commit({ effects }, traceparent);",
    put: `const event = effects.splice(-1);
    setTimeout(() => void units.commit({ effects: event }), 50);
    const result = await units.commit({ effects }, traceparent);`,
    test: "services/order-service/src/create-order.test.ts › an accepted order has its row and its event",
  },
  {
    name: "a-batch-goes-on-after-a-full-disk",
    breaks: "A rejected commit left nothing.",
    file: "shared/sqlite/commit-batch.ts",
    find: "at < units.length && !reachesFurther(outcomes.at(-1));",
    put: 'at < units.length && outcomes.at(-1)?.failed !== "together";',
    test: "shared/sqlite/commit-queue.test.ts › a full disk in the middle of a batch rejects all of it, and later batches go on",
  },
  {
    name: "single-units-go-on-after-a-full-disk",
    breaks: "A rejected commit left nothing, also when units run one by one.",
    file: "shared/sqlite/commit-batch.ts",
    find: "if (reachesFurther(outcome)) break;",
    put: 'if (outcome.failed === "together") break;',
    test: "shared/sqlite/commit-queue.test.ts › a full disk in the middle of a batch rejects all of it, and later batches go on",
  },
  {
    name: "a-commit-that-was-rolled-back-resolves",
    breaks: "A resolved commit is on the disk.",
    file: "shared/sqlite/commit-batch.ts",
    find: "settleFailed(unit, own ? outcome.error : error);",
    put: `if (outcome?.failed === false) unit.resolve(outcome.value);
    else settleFailed(unit, own ? outcome.error : error);`,
    test: "shared/sqlite/commit-queue.test.ts › a full disk in the middle of a batch rejects all of it, and later batches go on",
  },
  {
    name: "an-order-is-written-before-its-transaction",
    breaks: "Killed before COMMIT, an order is not there.",
    file: "shared/sqlite/commit-batch.ts",
    find: 'tellCrashPoint("before-commit", units.length);',
    put: `db.run("COMMIT; BEGIN IMMEDIATE");
  tellCrashPoint("before-commit", units.length);`,
    test: "shared/system/e2e/intake-crashes.test.ts › killed before COMMIT: no answer and no row, and the retry makes the order",
  },
  {
    name: "a-key-is-stored-after-its-order",
    breaks: "Killed after COMMIT, an order is worked, and the retry gets its answer.",
    file: "services/order-service/src/accept-order.ts",
    find: "effects.unshift(rememberKey({ key, requestHash, orderId, response, createdAt, notBefore }));",
    put: `const use = rememberKey({ key, requestHash, orderId, response, createdAt, notBefore });
    setTimeout(() => void units.commit({ effects: [use] }), 50);`,
    test: "shared/system/e2e/intake-crashes.test.ts › killed between COMMIT and answer: the order is worked, and the retry gets its answer",
  },
  {
    name: "a-known-key-makes-another-order",
    breaks: "One Idempotency-Key makes one order, however many requests carry it.",
    file: "services/order-service/src/sqlite/idempotency-store.ts",
    find: "found.createdAt > use.notBefore",
    put: 'found.createdAt > use.notBefore && found.key === ""',
    test: "shared/system/e2e/intake-crashes.test.ts › fifty requests at once with one key make one order and get one answer",
  },
  {
    name: "a-key-is-unknown-until-it-is-sorted",
    breaks: "One Idempotency-Key makes one order, however many requests carry it.",
    file: "services/order-service/src/sqlite/key-index.ts",
    find: "note(key, Number(lastInsertRowid));",
    put: "newest = Number(lastInsertRowid);",
    test: "services/order-service/src/idempotency-key.test.ts › requests that arrive together with one key make one order and get one answer",
  },
  {
    name: "keys-of-another-process-are-unknown",
    breaks: "A key makes one order also when processes share a database.",
    file: "services/order-service/src/sqlite/key-index.ts",
    find: "if (current === seenVersion) return;",
    put: "if (seenVersion !== undefined) return;",
    test: "services/order-service/src/sqlite/key-index.test.ts › two processes that store, fail and start again make one use of a key",
  },
  {
    name: "sorted-keys-are-not-looked-up",
    breaks: "A key is remembered after newer ones.",
    file: "services/order-service/src/sqlite/key-index.ts",
    find: "rowOf(recent.get(key), key) ?? rowOf(byKey.get(key)?.id, key)",
    put: "rowOf(recent.get(key), key) ?? rowOf(byKey.get(key.slice(1))?.id, key)",
    test: "services/order-service/src/sqlite/key-index.test.ts › a key is known before and after it is sorted into the index, and after a restart",
  },
  {
    name: "a-full-disk-is-an-unknown-outcome",
    breaks: "No answer claims less than the truth.",
    file: "shared/sqlite/storage-error.ts",
    find: `if (isStorageFull(error)) return "STORAGE_FULL";
  if (isAppError`,
    put: `if (isStorageFull(error)) return "STORAGE_FAILED";
  if (isAppError`,
    test: "shared/system/e2e/disk-full.test.ts › comes back from a SIGKILL with every order it accepted and none it refused",
  },
  {
    name: "an-uncertain-commit-is-refused",
    breaks: "A commit that a crash could still bring about is a 500, never a 503.",
    file: "shared/sqlite/storage-error.ts",
    find: 'error.code !== "SQLITE_IOERR_SHMSIZE"',
    put: 'error.code !== "SQLITE_IOERR_SHMOPEN"',
    test: "services/order-service/src/commit-outcome.test.ts › an order that a crash could still bring about is not refused with a 503",
  },
  {
    name: "rows-that-could-not-be-marked-are-sent-again",
    breaks: "When the disk has room again all goes on without a second publication.",
    file: "shared/outbox/relay.ts",
    find: `const marked = await store.markPublished(ids, new Date(now()).toISOString(), lease?.fencing());
    unmarked = [];`,
    put: `unmarked = [];
    const marked = await store.markPublished(ids, new Date(now()).toISOString(), lease?.fencing());`,
    test: "shared/system/e2e/disk-full.test.ts › refuses orders, lets marks and results wait, and goes on when there is room",
  },
  {
    name: "a-refused-order-waits-all-the-same",
    breaks: "Overload refuses an order: it is not stored.",
    file: "shared/sqlite/commit-queue.ts",
    find: "if (waiting.length >= limit) {",
    put: `if (waiting.length >= limit) {
        waiting.push({ work, resolve() {}, reject() {} });`,
    test: "services/order-service/src/overload.test.ts › a service with more orders than may wait refuses the rest, and stores what it accepted",
  },
  {
    name: "an-overload-does-not-say-when-to-come-again",
    breaks: "Overload is a 503 with Retry-After.",
    file: "shared/service-kit/http/problem.ts",
    find: "OVERLOADED: { status: 503, retryAfter: 1 },",
    put: "OVERLOADED: { status: 503 },",
    test: "services/order-service/src/overload.test.ts › a service with more orders than may wait refuses the rest, and stores what it accepted",
  },
  {
    name: "a-full-disk-forgets-known-keys",
    breaks: "A known key is answered although the disk is full.",
    file: "services/order-service/src/accept-order.ts",
    find: "const passing = isAppError(error) && error.retryable",
    put: 'const passing = isAppError(error) && error.retryable && error.code !== "STORAGE_FULL"',
    test: "services/order-service/src/idempotency-key.test.ts › a full disk refuses a new key and still answers a known one",
  },
  {
    name: "a-key-stands-for-any-order",
    breaks: "A key stands for one order: with another order it is refused.",
    file: "services/order-service/src/accept-order.ts",
    find: "if (known.requestHash !== requestHash) {",
    put: 'if (known.requestHash === "") {',
    test: "services/order-service/src/idempotency-key.test.ts › a key that is used again for another order is refused (%#)",
  },
  {
    name: "a-refused-batch-is-not-rolled-back",
    breaks: "An order answered with 503 is not stored, and leaves nothing behind.",
    file: "shared/sqlite/commit-batch.ts",
    find: "if (db.inTransaction) control.rollback.run();",
    put: "if (!db.inTransaction) control.rollback.run();",
    test: "shared/sqlite/commit-queue.test.ts › a failing COMMIT rejects every unit and leaves nothing behind",
  },
  {
    name: "a-refused-batch-is-tried-again-later",
    breaks: "An order answered with 503 is not stored.",
    file: "shared/sqlite/commit-queue.ts",
    find: `failure = undefined;
    if (outcome.kind === "committed"`,
    put: `failure = undefined;
    if (outcome.kind === "rolled-back") setTimeout(() => waiting.push(...batch), 20);
    if (outcome.kind === "committed"`,
    test: "shared/system/e2e/disk-full.test.ts › refuses orders, lets marks and results wait, and goes on when there is room",
  },
];

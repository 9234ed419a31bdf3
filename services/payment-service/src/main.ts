import { dirname, join } from "node:path";
import { DEFAULT_PARTITIONS, TOPICS } from "@order-outbox/contracts";
import { ageingClock, monotonic } from "@order-outbox/errors";
import {
  createHeldDesk,
  createInboxStore,
  judgeInbox,
  startInbox,
  startInboxRetention,
} from "@order-outbox/inbox";
import { brokerSeenBy, createKafkaClient } from "@order-outbox/kafka";
import {
  createOutboxDesk,
  createOutboxReader,
  judgeOutbox,
  settledRows,
  startOutboxWorker,
} from "@order-outbox/outbox";
import {
  adminTokenOf,
  createLogger,
  createMetrics,
  endProcess,
  exitOnConfigError,
  kafkaConnectionOf,
  loadConfig,
  parseDuration,
  runServer,
  watchStorage,
} from "@order-outbox/service-kit";
import { closeDatabase, createCommitQueue, openMigrated } from "@order-outbox/sqlite";
import { startTracing } from "@order-outbox/telemetry";
import { startAgePruner } from "@order-outbox/units";
import { createApp } from "./app.ts";
import { PaymentConfig } from "./config.ts";
import { openSimulatedProvider } from "./payment-provider.ts";
import { processPayment } from "./process-payment.ts";
import { createPaymentStore } from "./sqlite/payment-store.ts";
import { MIGRATIONS } from "./sqlite/schema.ts";
import { paymentUnitWriters } from "./sqlite/stores.ts";
import { traceProvider } from "./trace-provider.ts";

const SERVICE = "payment-service";
const config = exitOnConfigError(() =>
  loadConfig(PaymentConfig, process.env, { service: SERVICE }),
);
const logger = createLogger({
  service: SERVICE,
  level: config.LOG_LEVEL,
  format: config.LOG_FORMAT,
});
const kafka = kafkaConnectionOf(config);
const adminToken = adminTokenOf(config);
const client = exitOnConfigError(() =>
  createKafkaClient({ ...kafka, clientId: SERVICE, log: logger }),
);
const tracing = await startTracing({ service: SERVICE, env: process.env, log: logger });

const db = exitOnConfigError(() => openMigrated(config.DATABASE_PATH, MIGRATIONS));
const outboxRows = createOutboxReader(db);
const provider = exitOnConfigError(() =>
  openSimulatedProvider({
    ledgerPath:
      config.PAYMENT_LEDGER_PATH ?? join(dirname(config.DATABASE_PATH), "provider-ledger.db"),
    successRate: config.PAYMENT_SUCCESS_RATE,
    latencyMs: config.PAYMENT_LATENCY_MS,
    seed: config.PAYMENT_SEED,
    now: Date.now,
  }),
);

const metrics = createMetrics({
  service: SERVICE,
  databasePath: config.DATABASE_PATH,
  writable: () => storage.writable(),
  droppedLogLines: logger.dropped,
  commitQueueDepth: () => queue.size,
  outbox: async () => ({
    ...(await outboxRows.facts()),
    pending: await outboxRows.countPending(),
    relay: outbox.status(),
    silentFor: outbox.silentFor(),
  }),
  inbox: () => inbox.status(),
});

const outbox = startOutboxWorker({
  entry: new URL("./outbox-worker.ts", import.meta.url),
  settings: {
    database: config.DATABASE_PATH,
    ...kafka,
    clientId: SERVICE,
    topics: { [TOPICS.paymentProcessed]: DEFAULT_PARTITIONS },
    source: `/${SERVICE}`,
    pollMs: config.OUTBOX_POLL_MS,
    backoffCapMs: config.OUTBOX_BACKOFF_MAX_MS,
  },
  log: logger,
  monotonic,
  onRounds: metrics.noteRounds,
  onFailure(error) {
    logger.error({ error }, "cannot publish without the outbox worker; exiting");
    void endProcess(logger, 1);
  },
});
const commits = createCommitQueue(db, {
  ...paymentUnitWriters(db),
  onCommit(units, durationMs) {
    outbox.wake();
    metrics.noteCommit(units, durationMs);
    tracing?.noteCommit(units, durationMs);
  },
});
const queue = tracing?.traceCommits(commits) ?? commits;
const payments = createPaymentStore(db, queue);
const inboxStore = createInboxStore(db, queue, SERVICE, Date.now);
const storage = watchStorage({
  databasePath: config.DATABASE_PATH,
  files: { database: queue.trouble, ledger: provider.trouble },
  logger,
});

const inbox = startInbox({
  client,
  store: inboxStore,
  units: queue,
  retry: { attempts: config.RETRY_ATTEMPTS, baseMs: 200, capMs: config.RETRY_MAX_MS },
  topics: { [TOPICS.orderCreated]: DEFAULT_PARTITIONS },
  handlers: {
    ORDER_CREATED: processPayment({
      provider: tracing === undefined ? provider : traceProvider(provider, tracing),
      payments,
      logger,
      now: Date.now,
    }),
  },
  follow: tracing?.followEvents(SERVICE),
  log: logger,
  now: Date.now,
});

const pruning = { log: logger, now: ageingClock(), random: Math.random };
const inboxRetention = startInboxRetention({
  ...pruning,
  client,
  store: inboxStore,
  topics: [TOPICS.orderCreated],
  keepMs: parseDuration(config.INBOX_RETENTION),
});
const outboxPruner = startAgePruner({
  ...pruning,
  target: settledRows(db, queue),
  keepMs: parseDuration(config.OUTBOX_RETENTION),
});

runServer({
  config,
  logger,
  metrics,
  tracing,
  app: (readiness) =>
    createApp({
      payments,
      logger,
      admin:
        adminToken === undefined
          ? undefined
          : {
              token: adminToken,
              logger,
              held: createHeldDesk(db, queue, Date.now),
              outbox: createOutboxDesk(db, queue, outbox.wake, Date.now),
            },
      metrics,
      health: {
        service: SERVICE,
        readiness,
        broker: () => brokerSeenBy(inbox.status().consumer),
        checks: {
          outbox: async () =>
            judgeOutbox({
              facts: await outboxRows.facts(),
              relay: outbox.status(),
              silentFor: outbox.silentFor(),
              now: Date.now(),
            }),
          storage: storage.check,
          inbox: () => judgeInbox(inbox.status()),
          retention: () => ({ ok: true, inbox: inboxRetention.status() }),
        },
      },
    }),
  steps: [
    { name: "stop consuming", run: inbox.stop },
    { name: "stop pruning", run: () => Promise.all([inboxRetention.stop(), outboxPruner.stop()]) },
    { name: "stop watching the storage", run: storage.stop },
    { name: "commit what is waiting", run: queue.close },
    { name: "stop the relay", run: outbox.stop },
    { name: "close the ledger", run: provider.close },
    { name: "close the database", run: () => closeDatabase(db) },
  ],
});

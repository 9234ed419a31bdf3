import { dirname, join } from "node:path";
import { DEFAULT_PARTITIONS, TOPICS } from "@order-outbox/contracts";
import { ageingClock } from "@order-outbox/errors";
import {
  createHeldDesk,
  createInboxStore,
  judgeInbox,
  startInbox,
  startInboxRetention,
} from "@order-outbox/inbox";
import { brokerSeenBy, createKafkaClient } from "@order-outbox/kafka";
import {
  adminTokenOf,
  createLogger,
  createMetrics,
  exitOnConfigError,
  kafkaConnectionOf,
  loadConfig,
  parseDuration,
  runServer,
  watchStorage,
} from "@order-outbox/service-kit";
import { closeDatabase, createCommitQueue, openMigrated } from "@order-outbox/sqlite";
import { startTracing } from "@order-outbox/telemetry";
import { createApp } from "./app.ts";
import { openSimulatedChannels } from "./channels.ts";
import { NotificationConfig } from "./config.ts";
import { type NotifyDeps, notify } from "./notify.ts";
import { startNotificationPruner } from "./prune-notifications.ts";
import { createNotificationStore } from "./sqlite/notification-store.ts";
import { MIGRATIONS } from "./sqlite/schema.ts";
import { notificationUnitWriters } from "./sqlite/stores.ts";
import { traceChannel } from "./trace-channel.ts";

const SERVICE = "notification-service";
const config = exitOnConfigError(() =>
  loadConfig(NotificationConfig, process.env, { service: SERVICE }),
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
const metrics = createMetrics({
  service: SERVICE,
  databasePath: config.DATABASE_PATH,
  writable: () => storage.writable(),
  droppedLogLines: logger.dropped,
  commitQueueDepth: () => queue.size,
  inbox: () => inbox.status(),
});

const commits = createCommitQueue(db, {
  ...notificationUnitWriters(db),
  onCommit(units, durationMs) {
    metrics.noteCommit(units, durationMs);
    tracing?.noteCommit(units, durationMs);
  },
});
const queue = tracing?.traceCommits(commits) ?? commits;
const notifications = createNotificationStore(db, queue);
const inboxStore = createInboxStore(db, queue, SERVICE, Date.now);
const channels = exitOnConfigError(() =>
  openSimulatedChannels(
    config.CHANNELS_LEDGER_PATH ?? join(dirname(config.DATABASE_PATH), "channels-ledger.db"),
    Date.now,
  ),
);
const storage = watchStorage({
  databasePath: config.DATABASE_PATH,
  files: { database: queue.trouble, ledger: channels.trouble },
  logger,
});
const deps: NotifyDeps = {
  channels:
    tracing === undefined
      ? channels.all
      : channels.all.map((channel) => traceChannel(channel, tracing)),
  notifications,
  logger,
  now: Date.now,
};

const inbox = startInbox({
  client,
  store: inboxStore,
  units: queue,
  retry: { attempts: config.RETRY_ATTEMPTS, baseMs: 200, capMs: config.RETRY_MAX_MS },
  topics: {
    [TOPICS.orderCreated]: DEFAULT_PARTITIONS,
    [TOPICS.paymentProcessed]: DEFAULT_PARTITIONS,
  },
  handlers: {
    ORDER_CREATED: notify(deps),
    PAYMENT_SUCCEEDED: notify(deps, "created"),
    PAYMENT_FAILED: notify(deps, "created"),
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
  topics: Object.values(TOPICS),
  keepMs: parseDuration(config.INBOX_RETENTION),
});
const notificationPruner = startNotificationPruner({
  ...pruning,
  notifications,
  keepMs: parseDuration(config.NOTIFICATION_RETENTION),
});

runServer({
  config,
  logger,
  metrics,
  tracing,
  app: (readiness) =>
    createApp({
      notifications,
      logger,
      admin:
        adminToken === undefined
          ? undefined
          : {
              token: adminToken,
              logger,
              held: createHeldDesk(db, queue, Date.now),
            },
      metrics,
      health: {
        service: SERVICE,
        readiness,
        broker: () => brokerSeenBy(inbox.status().consumer),
        checks: {
          storage: storage.check,
          inbox: () => judgeInbox(inbox.status()),
          retention: () => ({ ok: true, inbox: inboxRetention.status() }),
        },
      },
    }),
  steps: [
    { name: "stop consuming", run: inbox.stop },
    {
      name: "stop pruning",
      run: () => Promise.all([inboxRetention.stop(), notificationPruner.stop()]),
    },
    { name: "stop watching the storage", run: storage.stop },
    { name: "commit what is waiting", run: queue.close },
    { name: "close the ledger", run: channels.close },
    { name: "close the database", run: () => closeDatabase(db) },
  ],
});

import { hostname } from "node:os";
import { monotonic } from "@order-outbox/errors";
import { connectPublisher, createKafkaClient, type Log, requireTopics } from "@order-outbox/kafka";
import { closeDatabase, holdPresence, openDatabase } from "@order-outbox/sqlite";
import { createLease } from "./lease.ts";
import type { FromWorker, LogLevel, OutboxWorkerSettings, ToWorker } from "./messages.ts";
import type { OutboxObserver } from "./observer.ts";
import { preparePartitionGuard } from "./partition-guard.ts";
import { createRelay, LEASE_MS, type Relay } from "./relay.ts";
import type { RelaySettings } from "./relay-types.ts";
import { createOutboxStore, watchOldestPending } from "./store.ts";
import { timePublisher } from "./timed-publisher.ts";

declare const self: Worker;

const HEARTBEAT_MS = 2_000;
const RELAY_DEFAULTS: Omit<RelaySettings, "source" | "pollMs" | "backoff"> = {
  // A little less than what a broker takes in one batch by default: all rows may be of one partition.
  limits: { rows: 1_000, bytes: 960 * 1024 },
  refusalsToPark: 3,
};

/**
 * The whole of an outbox worker: call it in the entry file of a Bun `Worker` that
 * `startOutboxWorker` starts. It opens its own connection to the service's database, runs the relay
 * until it is told to stop, and ends the thread. `observer` follows what it publishes.
 */
export function serveOutboxWorker(observer?: OutboxObserver): void {
  let relay: Relay | undefined;
  self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
    switch (data.type) {
      case "start":
        void work(data.settings, observer, (started) => {
          relay = started;
        });
        break;
      case "wake":
        relay?.wake();
        break;
      case "stop":
        relay?.stop();
    }
  };
  tell({ type: "ready" });
}

async function work(
  settings: OutboxWorkerSettings,
  observer: OutboxObserver | undefined,
  onRelay: (relay: Relay) => void,
): Promise<void> {
  // A mark that a power cut takes back is made again after the row was published again; the
  // consumers' inboxes know the event. So these commits need not wait for the disk.
  // While it waits for a lock it gives no sign of life.
  const db = openDatabase(settings.databasePath, { synchronous: "NORMAL", busyTimeoutMs: 2_000 });
  const presence = holdPresence(settings.databasePath, "relay");
  const log = postLog();
  let rounds: number[] = [];
  const client = createKafkaClient({ ...settings, log });
  const guardPartitions = preparePartitionGuard(db, settings.clientId);
  const relay = createRelay(
    {
      store: createOutboxStore(db),
      lease: createLease(db, {
        own: { owner: presence.id, host: hostname(), pid: process.pid },
        ttlMs: LEASE_MS,
        now: Date.now,
        monotonic,
        isGone: presence.isGone,
        onTakenOver({ host, pid }) {
          log.info({ host, pid }, "took over from a worker that is gone or hangs");
          presence.sweep();
        },
      }),
      connect: async () => {
        const partitions = await requireTopics(client, settings.topics);
        guardPartitions(partitions, new Date().toISOString());
        const publisher = await connectPublisher(client);
        return { partitions, publisher: timePublisher(publisher, (ms) => rounds.push(ms)) };
      },
      now: Date.now,
      monotonic,
      random: Math.random,
      log,
      onPublished: observer?.published,
    },
    {
      ...RELAY_DEFAULTS,
      source: settings.source,
      pollMs: settings.pollMs,
      backoff: { baseMs: Math.min(100, settings.backoffCapMs), capMs: settings.backoffCapMs },
    },
  );
  onRelay(relay);
  const pendingForMs = watchOldestPending(db, monotonic);
  const beat = () => {
    const status = { ...relay.status(), pendingForMs: pendingForMs() };
    tell({ type: "heartbeat", status, rounds });
    rounds = [];
  };
  const heart = setInterval(beat, HEARTBEAT_MS);
  await relay.run();
  clearInterval(heart);
  beat();
  closeDatabase(db);
  presence.end();
  await observer?.stop();
  tell({ type: "stopped" });
  process.exit(0);
}

function postLog(): Log {
  const at = (level: LogLevel) => (fields: object, message: string) =>
    tell({ type: "log", level, fields, message });
  return { debug: () => {}, info: at("info"), warn: at("warn"), error: at("error") };
}

const tell = (message: FromWorker): void => self.postMessage(message);

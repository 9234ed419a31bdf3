import { hostname } from "node:os";
import { monotonic } from "@order-outbox/errors";
import { connectPublisher, createKafkaClient, type Log, requireTopics } from "@order-outbox/kafka";
import { createLease } from "./lease.ts";
import type { FromWorker, LogLevel, OutboxWorkerSettings, ToWorker } from "./messages.ts";
import type { OutboxObserver } from "./observer.ts";
import { watchOldestPending } from "./oldest-pending.ts";
import { preparePartitionGuard } from "./partition-guard.ts";
import { createRelay, LEASE_MS, type Relay } from "./relay.ts";
import type { RelaySettings } from "./relay-types.ts";
import type { OpenOutbox } from "./store.ts";
import { timePublisher } from "./timed-publisher.ts";

declare const self: Worker;

const HEARTBEAT_MS = 2_000;
const RELAY_DEFAULTS: Omit<RelaySettings, "source" | "pollMs" | "backoff"> = {
  // A little less than what a broker takes in one batch by default: all rows may be of one partition.
  limits: { rows: 1_000, bytes: 960 * 1024 },
  refusalsToPark: 3,
};

/** Makes the observer of a worker that is started with these settings; undefined: nobody follows. */
type Observe = (settings: OutboxWorkerSettings) => Promise<OutboxObserver | undefined>;

/**
 * The whole of an outbox worker: call it in the entry file of a Bun `Worker` that
 * `startOutboxWorker` starts. It opens its own connection to the service's database, runs the relay
 * until it is told to stop, and ends the thread. What `observe` gives follows what it publishes.
 */
export function serveOutboxWorker(openOutbox: OpenOutbox, observe?: Observe): void {
  let relay: Relay | undefined;
  let stopping = false;
  self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
    switch (data.type) {
      case "start":
        void work(data.settings, openOutbox, observe, (started) => {
          relay = started;
          if (stopping) relay.stop();
        });
        break;
      case "wake":
        relay?.wake();
        break;
      case "stop":
        stopping = true;
        relay?.stop();
    }
  };
  tell({ type: "ready" });
}

async function work(
  settings: OutboxWorkerSettings,
  openOutbox: OpenOutbox,
  observe: Observe | undefined,
  onRelay: (relay: Relay) => void,
): Promise<void> {
  const observer = await observe?.(settings);
  const { store, lease, presence, close } = await openOutbox(settings.database);
  const log = postLog();
  let rounds: number[] = [];
  const client = createKafkaClient({ ...settings, log });
  const guardPartitions = preparePartitionGuard(store, settings.clientId);
  const relay = createRelay(
    {
      store,
      lease: createLease(lease, {
        own: { owner: presence.id, host: hostname(), pid: process.pid },
        ttlMs: LEASE_MS,
        now: Date.now,
        monotonic,
        isGone: presence.isGone,
        onTakenOver({ host, pid }) {
          log.info({ host, pid }, "took over from a worker that is gone or hangs");
          void presence.sweep();
        },
      }),
      connect: async () => {
        const partitions = await requireTopics(client, settings.topics);
        await guardPartitions(partitions, new Date().toISOString());
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
  const pendingForMs = watchOldestPending(store, monotonic);
  const beat = async () => {
    const waited = await pendingForMs();
    const status = { ...relay.status(), pendingForMs: waited };
    tell({ type: "heartbeat", status, rounds });
    rounds = [];
  };
  const heart = setInterval(beat, settings.heartbeatMs ?? HEARTBEAT_MS);
  await relay.run();
  clearInterval(heart);
  await beat();
  await close();
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

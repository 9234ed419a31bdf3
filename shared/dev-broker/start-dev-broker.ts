import type { ApiName } from "./apis/api-name.ts";
import type { Broker } from "./broker.ts";
import { createGroupCoordinator } from "./groups/mod.ts";
import { TopicCatalog } from "./log/topic-catalog.ts";
import { serveConnection } from "./server/connection.ts";
import { type Intercept, type InterceptOptions, Intercepts } from "./server/intercepts.ts";
import { listen } from "./server/listener.ts";
import { createRequestServer } from "./server/serve-request.ts";
import { createCommitQueue } from "./storage/commit-queue.ts";
import { dataError } from "./storage/data-error.ts";
import { createDurableOffsets } from "./storage/durable-offsets.ts";
import { openSqliteStore } from "./storage/sqlite-store.ts";
import type { Store } from "./storage/store.ts";

/** Kafka's `socket.request.max.bytes`. */
const MAX_REQUEST_BYTES = 100 * 1024 * 1024;

/** How a broker is started; everything has a default that suits tests. */
export interface DevBrokerOptions {
  /** Default 127.0.0.1: there is no authentication, so think before you change it. */
  readonly host?: string;
  /** Default 0, the system's choice. */
  readonly port?: number;
  /** The address that clients are told to use. Default: the one it listens on. */
  readonly advertise?: { readonly host: string; readonly port: number };
  /** The folder of the data. Default: memory, which is gone with the broker. */
  readonly data?: string;
  /** Topics and their partitions; those that do not exist yet are created. */
  readonly topics?: Readonly<Record<string, number>>;
  /** Create a topic when a client first asks for it. Default false. */
  readonly autoCreateTopics?: boolean;
  /** Partitions of a topic whose creator does not say. Default 1. */
  readonly defaultPartitions?: number;
  /** FULL also survives a power cut, not only the death of the process. Default NORMAL. */
  readonly synchronous?: "NORMAL" | "FULL";
  /** A ceiling for the data; reaching it is answered like a full disk. Default: none. */
  readonly maxDataBytes?: number;
  /** Default 100 MiB. */
  readonly maxRequestBytes?: number;
  /** How long an empty group waits for more members. Default 0 (Kafka: 3000). */
  readonly initialRebalanceDelayMs?: number;
  /** Hears of what an operator should know. Default: nobody. */
  readonly onWarning?: (message: string, error: unknown) => void;
}

/** A running broker. */
export interface DevBroker extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `host:port`, as clients are told; an IPv6 address stands in brackets. */
  readonly address: string;
  /** The same for as long as the data folder is. */
  readonly clusterId: string;
  /** Every topic with its partitions. */
  topics(): Readonly<Record<string, number>>;
  /** Adds a fault hook for requests of one API; see {@link Intercept}. */
  intercept(api: ApiName, intercept: Intercept, options?: InterceptOptions): Disposable;
  /** Finishes the writes that were begun, closes every connection and the data. */
  close(): Promise<void>;
}

/**
 * Starts a single-node broker that speaks the Kafka protocol, for development and tests. Rejects
 * with the system's error when the address is taken, and with an `AppError` when the data cannot be
 * used.
 */
export async function startDevBroker(options: DevBrokerOptions = {}): Promise<DevBroker> {
  const { host = "127.0.0.1", port = 0, defaultPartitions = 1, onWarning = () => {} } = options;
  const { store, commits, topics, offsets } = openData(options, onWarning);
  const groups = createGroupCoordinator({
    offsets,
    topicExists: (topic, partition) => topics.log(topic, partition) !== undefined,
    initialRebalanceDelayMs: options.initialRebalanceDelayMs ?? 0,
  });
  const advertised = { host: "", port: 0, ...options.advertise };
  const broker: Broker = {
    store,
    commits,
    topics,
    offsets,
    groups,
    advertised,
    autoCreatePartitions: options.autoCreateTopics === true ? defaultPartitions : null,
    defaultPartitions,
    warn: onWarning,
  };
  const intercepts = new Intercepts();
  const serve = createRequestServer(broker, intercepts);

  async function open() {
    for (const [name, partitions] of Object.entries(options.topics ?? {})) {
      if (topics.get(name) === undefined) await topics.create(name, partitions);
    }
    return listen(host, port, (socket) =>
      serveConnection(socket, {
        serve,
        maxRequestBytes: options.maxRequestBytes ?? MAX_REQUEST_BYTES,
        warn: onWarning,
      }),
    );
  }

  const listener = await open().catch((error: unknown) => {
    groups.close();
    store.close();
    throw error;
  });
  if (options.advertise === undefined) Object.assign(advertised, { host, port: listener.port });

  async function shutDown(): Promise<void> {
    groups.close();
    await commits.settled();
    await listener.close();
    await commits.settled();
    store.close();
  }
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= shutDown();
    return closing;
  };
  return {
    host,
    port: listener.port,
    address: formatAddress(advertised.host, advertised.port),
    clusterId: store.clusterId,
    topics: () =>
      Object.fromEntries(topics.all().map(({ name, partitions }) => [name, partitions.length])),
    intercept: (api, intercept, interceptOptions) =>
      intercepts.add(api, intercept, interceptOptions),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function openData(
  { data: folder, synchronous = "NORMAL", maxDataBytes: maxBytes }: DevBrokerOptions,
  warn: (message: string, error: unknown) => void,
) {
  let store: Store | undefined;
  try {
    store = openSqliteStore({ folder, synchronous, maxBytes });
    const commits = createCommitQueue(store, (error) => warn("a commit failed", error));
    const topics = new TopicCatalog(store, commits);
    return { store, commits, topics, offsets: createDurableOffsets(store, commits) };
  } catch (error) {
    store?.close();
    throw dataError(error, folder);
  }
}

const formatAddress = (host: string, port: number): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;

import { exitOnConfigError } from "../config/config.ts";
import { hostsOf } from "../config/settings.ts";
import type { Readiness } from "../health/health.ts";
import { createHostJudge } from "../http/allowed-hosts.ts";
import { guardRequests } from "../http/guard-requests.ts";
import { listen } from "../http/listen.ts";
import { observeRequests, type ServedApp } from "../http/observe-requests.ts";
import { type TraceRequest, traceRequests } from "../http/trace-requests.ts";
import type { ProcessLogger } from "../logs/logger.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { endOnUncaught } from "./end-process.ts";
import { onShutdown, type ShutdownStep } from "./shutdown.ts";

/** What {@link runServer} serves, and what ends with it. */
export interface ServerOptions {
  config: {
    HOST: string;
    PORT: number;
    ALLOWED_HOSTS?: string;
    DATABASE_PATH: string;
    KAFKA_HOST: string;
  };
  logger: ProcessLogger;
  /** Makes the app; `readiness` is for its `/ready`. */
  app: (readiness: () => Readiness) => ServedApp;
  /** Counts the requests. */
  metrics?: Metrics;
  /** Records the traces of requests; `stop` runs last and sends what is left of them. */
  tracing?: { traceRequest: TraceRequest; stop(): Promise<void> } | undefined;
  /** Run in order once no request is accepted any more. */
  steps: readonly ShutdownStep[];
}

/**
 * Serves until the process is told to end (see `onShutdown`): then it stops accepting requests and
 * lets those in flight finish, runs `steps`, and exits. Ends the process with a message when it
 * cannot listen.
 */
export function runServer(options: ServerOptions): void {
  const { config, logger, app, metrics, tracing, steps } = options;
  const { HOST: host, PORT: port, DATABASE_PATH: database, KAFKA_HOST: kafka } = config;
  let readiness: Readiness = "starting";
  endOnUncaught(logger);
  const plain = app(() => readiness);
  const traced = tracing === undefined ? plain : traceRequests(plain, tracing.traceRequest);
  const judgeHost = createHostJudge(host, hostsOf(config.ALLOWED_HOSTS));
  const guarded = guardRequests(traced, { judgeHost, logger });
  const handler = metrics === undefined ? guarded : observeRequests(guarded, metrics.noteRequest);
  const onError = (error: Error) => logger.error({ error }, "request failed outside of the app");
  const server = exitOnConfigError(() => listen(handler, { host, port, onError }));
  readiness = "ready";
  logger.info({ url: server.url, database, kafka }, "ready");

  const stopAccepting: ShutdownStep = {
    name: "stop accepting requests",
    run() {
      readiness = "stopping";
      return server.stop();
    },
  };
  const lastSteps = tracing === undefined ? [] : [{ name: "send the traces", run: tracing.stop }];
  onShutdown({ logger, steps: [stopAccepting, ...steps, ...lastSteps] });
}

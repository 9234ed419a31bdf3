import { connect, createServer, type Server, type Socket } from "node:net";
import { createFlow, type Flow, type Passage } from "./fault-flow.ts";

/**
 * What a network does to everything that passes through it.
 *
 * - `refuse`: new connections are reset at once; open ones go on, see {@link FaultProxy.cut}.
 * - `delay`: every byte arrives `ms` later, in both directions.
 * - `half-open`: connections are accepted and nothing passes.
 * - `slow`: each direction of each connection passes so many bytes per second.
 * - `one-way`: only requests (to the target), or only answers (from it), pass.
 */
export type NetworkFault =
  | { kind: "refuse" }
  | { kind: "delay"; ms: number }
  | { kind: "half-open" }
  | { kind: "slow"; bytesPerSecond: number }
  | { kind: "one-way"; passes: "requests" | "answers" };

/** Where connections are forwarded to. */
export interface ProxyTarget {
  /** 127.0.0.1 when left out. */
  host?: string;
  port: number;
}

/** A TCP proxy with faults that can be switched on and off; disposal closes everything. */
export interface FaultProxy extends AsyncDisposable {
  readonly port: number;
  /** `127.0.0.1:port`: what the target has to advertise, so that clients come back to the proxy. */
  readonly address: string;
  /** Open connections of clients. */
  readonly connections: number;
  /** The fault that is on. */
  readonly fault: NetworkFault | undefined;
  /** Sends new connections there; without a target they are reset. */
  forwardTo(target: ProxyTarget): void;
  /** Switches a fault on, in place of another, for open and new connections. */
  inject(fault: NetworkFault): void;
  /** Switches the fault off. What was held back passes now: a network delays, it drops nothing. */
  heal(): void;
  /** Resets every open connection, with what is on its way, and says how many there were. */
  cut(): number;
}

/** Starts a proxy on a free port of 127.0.0.1. Data is passed on with back-pressure. */
export async function startFaultProxy(target?: ProxyTarget): Promise<FaultProxy> {
  let current = target;
  let fault: NetworkFault | undefined;
  const pairs = new Set<Pair>();

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    if (current === undefined || fault?.kind === "refuse") {
      client.on("error", () => {}).resetAndDestroy();
      return;
    }
    const pair = joinSockets(
      client,
      current,
      () => fault,
      () => pairs.delete(pair),
    );
    pairs.add(pair);
  });
  const port = await listen(server);

  function change(next: NetworkFault | undefined): void {
    fault = next;
    for (const pair of pairs) pair.faultChanged();
  }
  function cut(): number {
    const open = [...pairs];
    for (const pair of open) pair.reset();
    return open.length;
  }

  return {
    port,
    address: `127.0.0.1:${port}`,
    get connections() {
      return pairs.size;
    },
    get fault() {
      return fault;
    },
    forwardTo(next) {
      current = next;
    },
    inject: change,
    heal: () => change(undefined),
    cut,
    async [Symbol.asyncDispose]() {
      const { promise: closed, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      cut();
      await closed;
    },
  };
}

/** A client's connection and the one that was made for it. */
interface Pair {
  faultChanged(): void;
  reset(): void;
}

function joinSockets(
  client: Socket,
  { host = "127.0.0.1", port }: ProxyTarget,
  fault: () => NetworkFault | undefined,
  onClosed: () => void,
): Pair {
  const upstream = connect({ host, port, allowHalfOpen: true, noDelay: true });
  const requests = createFlow(client, upstream, () => passageOf(fault(), "requests"));
  const answers = createFlow(upstream, client, () => passageOf(fault(), "answers"));
  const flows: Flow[] = [requests, answers];
  let open = 2;

  function reset(): void {
    for (const flow of flows) flow.stop();
    for (const socket of [client, upstream]) socket.resetAndDestroy();
  }
  for (const socket of [client, upstream]) {
    socket.on("error", reset).on("close", () => {
      open -= 1;
      if (open === 0) onClosed();
      // A side that is gone without having said everything takes the other with it.
      else if (!flows.every((flow) => flow.done)) reset();
    });
  }
  return {
    faultChanged() {
      for (const flow of flows) flow.advance();
    },
    reset,
  };
}

function passageOf(fault: NetworkFault | undefined, direction: "requests" | "answers"): Passage {
  switch (fault?.kind) {
    case "delay":
      return { blocked: false, delayMs: fault.ms, bytesPerSecond: Infinity };
    case "slow":
      return { blocked: false, delayMs: 0, bytesPerSecond: fault.bytesPerSecond };
    case "half-open":
      return { blocked: true, delayMs: 0, bytesPerSecond: Infinity };
    case "one-way":
      return { blocked: fault.passes !== direction, delayMs: 0, bytesPerSecond: Infinity };
    default:
      return { blocked: false, delayMs: 0, bytesPerSecond: Infinity };
  }
}

async function listen(server: Server): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject).listen(0, "127.0.0.1", resolve);
  await promise;
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  return address.port;
}

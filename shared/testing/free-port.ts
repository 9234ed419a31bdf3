import { createServer, type Server } from "node:net";

/**
 * Below the ports that systems give to outgoing connections (Linux: 32768 and up), because such a
 * connection could take a port between our look and its use, or while its service is restarted.
 */
const FIRST_PORT = 10_000;
const LAST_PORT = 19_999;

/** The first port of a block is its guard: who listens there has the others. */
const BLOCK_SIZE = 50;
const BLOCKS = (LAST_PORT - FIRST_PORT + 1) / BLOCK_SIZE;

let remaining: number[] = [];

/**
 * A TCP port that nobody listens on, and that no other process gets from this function while this
 * one runs. Prefer port 0 where the listener can say which it got.
 */
export async function freePort(host = "127.0.0.1"): Promise<number> {
  for (;;) {
    const port = remaining.shift();
    if (port === undefined) remaining = await claimBlock(host);
    else if (await closeAgain(await listenAt(port, host))) return port;
  }
}

async function claimBlock(host: string): Promise<number[]> {
  const start = Math.floor(Math.random() * BLOCKS);
  for (let tried = 0; tried < BLOCKS; tried += 1) {
    const guardPort = FIRST_PORT + ((start + tried) % BLOCKS) * BLOCK_SIZE;
    const guard = await listenAt(guardPort, host);
    if (guard === undefined) continue;
    // Held until the process is gone, however it ends.
    guard.unref();
    return Array.from({ length: BLOCK_SIZE - 1 }, (_, index) => guardPort + 1 + index);
  }
  throw new Error(`every port of ${FIRST_PORT}-${LAST_PORT} is taken on ${host}`);
}

async function listenAt(port: number, host: string): Promise<Server | undefined> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<Server | undefined>();
  server.once("error", () => resolve(undefined));
  server.listen({ port, host, exclusive: true }, () => resolve(server));
  return promise;
}

async function closeAgain(server: Server | undefined): Promise<boolean> {
  if (server === undefined) return false;
  const { promise, resolve } = Promise.withResolvers<true>();
  server.close(() => resolve(true));
  return promise;
}

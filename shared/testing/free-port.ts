import { createServer } from "node:net";

/**
 * A TCP port that nobody listens on now. Prefer port 0 where the listener can say which it got: by
 * the time this one is used, another process may have taken it.
 */
export async function freePort(host = "127.0.0.1"): Promise<number> {
  const server = createServer();
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject).listen(0, host, resolve);
  await listening;
  const address = server.address();
  const { promise: closed, resolve: onClosed } = Promise.withResolvers<void>();
  server.close(() => onClosed());
  await closed;
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  return address.port;
}

import { once } from "node:events";
import { createServer, type Socket } from "node:net";

/** A listening TCP server that knows its connections. */
export interface Listener {
  readonly port: number;
  /** Takes no more connections and closes those that are open. */
  close(): Promise<void>;
}

/** Listens on `host` and `port` (0: the system's choice); rejects with the system's error. */
export async function listen(
  host: string,
  port: number,
  onConnection: (socket: Socket) => void,
): Promise<Listener> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: false }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    onConnection(socket);
  });
  server.listen(port, host);
  await once(server, "listening");
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    async close() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      for (const socket of sockets) socket.destroy();
      await closed.promise;
    },
  };
}

import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { createServer } from "node:tls";
import type { Certificate } from "./certificates.ts";

/** A TLS listener in front of something that speaks no TLS, like the embedded broker. */
export interface TlsProxy extends AsyncDisposable {
  readonly port: number;
  /** Where connections are passed on to, on 127.0.0.1; until this was called they are reset. */
  forwardTo(port: number): void;
  /** Calls `listener` for every connection, also those whose handshake fails. */
  onConnection(listener: () => void): void;
}

/** Starts a proxy on a free port of 127.0.0.1; with `clientAuthority` it asks for a certificate. */
export async function startTlsProxy(
  { cert, key }: Certificate,
  clientAuthority?: Certificate,
): Promise<TlsProxy> {
  let target = 0;
  const open = new Set<{ destroy(): unknown }>();
  const server = createServer(
    {
      cert,
      key,
      ...(clientAuthority === undefined
        ? {}
        : { ca: clientAuthority.cert, requestCert: true, rejectUnauthorized: true }),
    },
    (client) => {
      const upstream = connect(target, "127.0.0.1");
      for (const [socket, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        open.add(socket);
        socket.on("error", () => other.destroy());
        socket.on("close", () => {
          open.delete(socket);
          other.destroy();
        });
        socket.pipe(other);
      }
    },
  );
  server.on("tlsClientError", () => {});
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    port: (server.address() as AddressInfo).port,
    forwardTo(port) {
      target = port;
    },
    onConnection(listener) {
      server.on("connection", listener);
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

import { createServer, type Socket } from "node:net";

/** Something at `kafkaHost` that is no broker. */
export interface Impostor extends Disposable {
  readonly kafkaHost: string;
}

/** Starts what answers whatever it is asked as `answer` says. */
export async function startImpostor(
  answer: (socket: Socket, request: Buffer) => void,
): Promise<Impostor> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => {});
    socket.on("data", (request: Buffer) => answer(socket, request));
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", listening.resolve);
  await listening.promise;
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  return {
    kafkaHost: `127.0.0.1:${address.port}`,
    [Symbol.dispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** The beginning of an answer, which says how many bytes follow. */
export function frameLength(bytes: number): Buffer {
  const frame = Buffer.alloc(4);
  frame.writeInt32BE(bytes);
  return frame;
}

/** Sends more and more, as fast as it is taken, until the connection ends; counts the bytes. */
export function flood(socket: Socket, onSent: (bytes: number) => void): void {
  const chunk = Buffer.alloc(64 * 1024);
  const send = () => {
    if (socket.destroyed) return;
    onSent(chunk.length);
    socket.write(chunk, () => setImmediate(send));
  };
  send();
}

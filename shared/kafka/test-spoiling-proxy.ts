import { connect, createServer, type Socket } from "node:net";

/** Passes requests on to a broker, and its answers spoiled. */
export interface SpoilingProxy extends AsyncDisposable {
  readonly port: number;
  forwardTo(port: number): void;
  /** How many answers will still be spoiled. */
  left(): number;
}

/**
 * Whole answers are spoiled behind their correlation id, so that they reach who asked: those that have
 * `text` by a bit of it, or any of them anywhere.
 */
export async function startSpoilingProxy(answers: number, text?: string): Promise<SpoilingProxy> {
  let left = answers;
  let target = 0;
  let seed = 1;
  const sockets = new Set<Socket>();
  /** The numbers are the same in every run. */
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % below;
  };

  function spoil(frame: Buffer): void {
    if (left === 0 || frame.length <= 8) return;
    const found = text === undefined ? 0 : frame.indexOf(text);
    if (found < 0) return;
    left -= 1;
    if (text !== undefined) {
      frame[found] = (frame[found] ?? 0) ^ 1;
      return;
    }
    for (let change = 0; change <= random(4); change++) {
      const at = 8 + random(frame.length - 8);
      const bytes =
        [[255, 255, 255, 255], [127, 255], [0, 0, 0, 0], [random(256)]][random(4)] ?? [];
      for (const [i, byte] of bytes.entries()) if (at + i < frame.length) frame[at + i] = byte;
    }
  }

  const server = createServer((client) => {
    const broker = connect(target, "127.0.0.1");
    let buffered = Buffer.alloc(0);
    for (const [one, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      sockets.add(one);
      one.on("error", () => {}).on("close", () => other.destroy());
    }
    client.on("data", (data) => void broker.write(data));
    broker.on("data", (data: Buffer) => {
      buffered = Buffer.concat([buffered, data]);
      for (;;) {
        const end = buffered.length < 4 ? Number.NaN : 4 + buffered.readInt32BE(0);
        if (!(end <= buffered.length)) return;
        const frame = Buffer.from(buffered.subarray(0, end));
        buffered = buffered.subarray(end);
        spoil(frame);
        client.write(frame);
      }
    });
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", listening.resolve);
  await listening.promise;
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  return {
    port: address.port,
    forwardTo(port) {
      target = port;
    },
    left: () => left,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

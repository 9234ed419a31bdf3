import { connect, type Socket } from "node:net";
import type { ApiDefinition } from "./apis/define-api.ts";
import { nullableString } from "./wire/codec.ts";
import { FrameAssembler } from "./wire/frame-assembler.ts";
import { FrameReader } from "./wire/reader.ts";
import { FrameWriter } from "./wire/writer.ts";

const API_VERSIONS_KEY = 18;

/** A client that sends what a test wants, well-formed or not. */
export interface RawClient extends AsyncDisposable {
  readonly socket: Socket;
  /** Sends a request and reads its response; null when the connection was closed instead. */
  call<Q, A>(api: ApiDefinition<Q, A>, version: number, request: Q): Promise<A | null>;
  /** Sends a request without waiting for anything. */
  send<Q, A>(api: ApiDefinition<Q, A>, version: number, request: Q): number;
  /** Settles when the other side has closed the connection. */
  readonly closed: Promise<void>;
}

export function encodeRequest<Q, A>(
  { key, request: codec, firstFlexible = Number.POSITIVE_INFINITY }: ApiDefinition<Q, A>,
  version: number,
  correlationId: number,
  request: Q,
): Buffer {
  const header = new FrameWriter(version, false);
  header.int16(key);
  header.int16(version);
  header.int32(correlationId);
  nullableString.write(header, "raw-client");
  const body = new FrameWriter(version, version >= firstFlexible);
  if (body.flexible) body.noTaggedFields();
  codec.write(body, request);
  const frame = Buffer.concat([header.frame(), body.frame().subarray(4)]);
  frame.writeInt32BE(frame.length - 4, 0);
  return frame;
}

export async function connectRaw(address: string): Promise<RawClient> {
  const [host = "", port = ""] = address.split(":");
  const socket = connect(Number(port), host);
  const assembler = new FrameAssembler(2 ** 30);
  const waiting = new Map<number, (frame: Buffer | null) => void>();
  const closed = Promise.withResolvers<void>();
  let correlationId = 0;
  socket.on("data", (chunk: Buffer) => {
    for (const frame of assembler.push(chunk)) {
      const id = frame.readInt32BE(0);
      waiting.get(id)?.(frame);
      waiting.delete(id);
    }
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    for (const answer of waiting.values()) answer(null);
    closed.resolve();
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  const client: RawClient = {
    socket,
    closed: closed.promise,
    send(api, version, request) {
      correlationId += 1;
      socket.write(encodeRequest(api, version, correlationId, request));
      return correlationId;
    },
    async call(api, version, request) {
      const id = client.send(api, version, request);
      const frame = await new Promise<Buffer | null>((resolve) => waiting.set(id, resolve));
      if (frame === null) return null;
      const flexible = version >= (api.firstFlexible ?? Number.POSITIVE_INFINITY);
      const body = new FrameReader(frame, version, flexible, 4);
      if (flexible && api.key !== API_VERSIONS_KEY) body.skipTaggedFields();
      const response = api.response.read(body);
      if (body.remaining > 0) throw new Error(`${body.remaining} bytes were left over`);
      return response;
    },
    async [Symbol.asyncDispose]() {
      socket.destroy();
      await closed.promise;
    },
  };
  return client;
}

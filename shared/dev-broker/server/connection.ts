import type { Socket } from "node:net";
import { CloseConnection } from "../wire/close-connection.ts";
import { FrameAssembler } from "../wire/frame-assembler.ts";
import type { Peer } from "./serve-request.ts";

/** Requests of one connection that wait for their turn, in bytes, before it is no longer read. */
const MAX_WAITING_BYTES = 1024 * 1024;
const KEEP_ALIVE_MS = 60_000;

export interface ConnectionOptions {
  readonly maxRequestBytes: number;
  /** The response frame, or null for none; a rejection closes the connection. */
  readonly serve: (frame: Buffer, peer: Peer) => Promise<Buffer | null>;
  /** Hears of a failure that no protocol rule explains. */
  readonly warn: (message: string, error: unknown) => void;
}

/**
 * Serves the requests of one connection one after the other. While one is in the works, or the
 * client does not read its answer, at most about `MAX_WAITING_BYTES` more are taken in: what is
 * held for a connection is one request, one response and that.
 */
export function serveConnection(socket: Socket, options: ConnectionOptions): void {
  const assembler = new FrameAssembler(options.maxRequestBytes);
  const gone = new AbortController();
  const peer: Peer = { host: socket.remoteAddress ?? "unknown", signal: gone.signal };
  const waiting: Buffer[] = [];
  let waitingBytes = 0;
  let working = false;

  async function work(): Promise<void> {
    working = true;
    try {
      for (let frame = waiting.shift(); frame !== undefined; frame = waiting.shift()) {
        const response = await options.serve(frame, peer);
        if (gone.signal.aborted) return;
        if (response !== null && !socket.write(response)) await drained(socket, gone.signal);
        waitingBytes -= frame.length;
        if (waitingBytes <= MAX_WAITING_BYTES) socket.resume();
      }
    } catch (error) {
      drop(error);
    } finally {
      working = false;
    }
  }

  function drop(error: unknown): void {
    if (!(error instanceof CloseConnection)) options.warn("a connection failed", error);
    socket.destroy();
  }

  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  socket.on("data", (chunk: Buffer) => {
    try {
      for (const frame of assembler.push(chunk)) {
        waiting.push(frame);
        waitingBytes += frame.length;
      }
    } catch (error) {
      drop(error);
      return;
    }
    if (waitingBytes > MAX_WAITING_BYTES) socket.pause();
    if (!working) void work();
  });
  socket.on("error", () => socket.destroy());
  socket.on("close", () => gone.abort());
}

function drained(socket: Socket, gone: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = () => resolve();
  socket.once("drain", done);
  gone.addEventListener("abort", done, { once: true });
  return promise.finally(() => {
    socket.off("drain", done);
    gone.removeEventListener("abort", done);
  });
}

import type { Socket } from "bun";
import { type HttpAnswer, readAnswer } from "./http-answer.ts";

/** A kept-alive connection with at most one request on it. */
export interface HttpConnection {
  /** Sends a whole request, and calls back with the bytes that hold its answer. */
  send(request: Uint8Array, onAnswer: (answer: HttpAnswer, bytes: Buffer) => void): void;
  close(): void;
}

interface State {
  onAnswer: (answer: HttpAnswer, bytes: Buffer) => void;
  /** What has come of an answer. */
  received: Buffer | undefined;
  /** What the socket has not taken of a request. */
  unsent: Uint8Array | undefined;
  closing: boolean;
}

/** Connects; `onLost` is told when the other side closes, or sends what is no answer. */
export async function connectHttp(
  port: number,
  onLost: (reason: unknown) => void,
): Promise<HttpConnection> {
  const state: State = {
    onAnswer: () => {},
    received: undefined,
    unsent: undefined,
    closing: false,
  };
  const lost = (reason: unknown) => {
    if (!state.closing) onLost(reason);
  };
  const socket: Socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(_socket, chunk) {
        const bytes =
          state.received === undefined ? (chunk as Buffer) : Buffer.concat([state.received, chunk]);
        try {
          const answer = readAnswer(bytes);
          if (answer === undefined) {
            state.received = Buffer.from(bytes);
            return;
          }
          state.received = undefined;
          state.onAnswer(answer, bytes);
        } catch (error) {
          lost(error);
        }
      },
      drain() {
        const { unsent } = state;
        state.unsent = undefined;
        if (unsent) write(unsent);
      },
      close: () => lost(new Error("the server closed a connection")),
      error: (_socket, error) => lost(error),
    },
  });
  socket.setNoDelay(true);

  function write(bytes: Uint8Array): void {
    const written = Math.max(0, socket.write(bytes));
    if (written < bytes.length) state.unsent = bytes.subarray(written);
  }

  return {
    send(request, onAnswer) {
      state.onAnswer = onAnswer;
      write(request);
    },
    close() {
      state.closing = true;
      socket.end();
    },
  };
}

import type { Socket } from "node:net";

/** How data passes in one direction at the moment. */
export interface Passage {
  /** Nothing passes. */
  blocked: boolean;
  delayMs: number;
  /** Infinity for no limit. */
  bytesPerSecond: number;
}

/** One direction of a connection. */
export interface Flow {
  /** Everything that the source said, its end included, has been passed on. */
  readonly done: boolean;
  /** Passes on what may pass; to be called when the passage has changed. */
  advance(): void;
  /** Passes nothing on any more. */
  stop(): void;
}

/** The source is not read further while this much waits. */
const MOST_WAITING_BYTES = 64 * 1024;
/** A limited flow passes in pieces of this share of a second. */
const PIECES_PER_SECOND = 20;

/** Passes data and end of `source` on to `sink`, in order, as `passage` allows. */
export function createFlow(source: Socket, sink: Socket, passage: () => Passage): Flow {
  const waiting: { readyAt: number; data: Buffer }[] = [];
  let waitingBytes = 0;
  let freeAt = 0;
  let sinkFull = false;
  let ended = false;
  let done = false;
  let timer: Timer | undefined;

  source.on("data", (data: Buffer) => {
    waiting.push({ readyAt: performance.now() + passage().delayMs, data });
    waitingBytes += data.length;
    if (waitingBytes >= MOST_WAITING_BYTES) source.pause();
    advance();
  });
  source.on("end", () => {
    ended = true;
    advance();
  });
  sink.on("drain", () => {
    sinkFull = false;
    advance();
  });

  function advance(): void {
    clearTimeout(timer);
    const { blocked, bytesPerSecond } = passage();
    if (done || blocked) return;
    for (let head = waiting[0]; head !== undefined && !sinkFull; head = waiting[0]) {
      const now = performance.now();
      const waitMs = Math.max(head.readyAt, freeAt) - now;
      if (waitMs > 0) {
        timer = setTimeout(advance, waitMs);
        return;
      }
      const piece = head.data.subarray(0, Math.max(1, bytesPerSecond / PIECES_PER_SECOND));
      if (piece.length === head.data.length) waiting.shift();
      else head.data = head.data.subarray(piece.length);
      waitingBytes -= piece.length;
      freeAt = now + (piece.length / bytesPerSecond) * 1000;
      sinkFull = !sink.write(piece);
    }
    if (waitingBytes < MOST_WAITING_BYTES) source.resume();
    if (ended && waiting.length === 0) {
      done = true;
      sink.end();
    }
  }

  return {
    get done() {
      return done;
    },
    advance,
    stop() {
      done = true;
      clearTimeout(timer);
    },
  };
}

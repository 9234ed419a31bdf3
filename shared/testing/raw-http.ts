import { connect } from "node:net";

/** One HTTP answer as it came. */
export interface RawAnswer {
  status: number;
  headers: Headers;
  body: string;
}

/**
 * Sends `bytes` on a connection of its own and reads the answers that come, until there are
 * `answers` of them, the other side closes, or nothing has come for `quietMs` (2,000).
 */
export async function exchangeRaw(
  port: number,
  bytes: string | Uint8Array,
  { answers = 1, quietMs = 2_000 }: { answers?: number; quietMs?: number } = {},
): Promise<RawAnswer[]> {
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  let received = Buffer.alloc(0);
  const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
  socket.setTimeout(quietMs, end);
  socket.on("error", () => end()).on("close", () => end());
  socket.on("data", (data: Buffer) => {
    received = Buffer.concat([received, data]);
    if (parseAnswers(received).length >= answers) end();
  });
  await over;
  socket.destroy();
  return parseAnswers(received);
}

/** The whole answers in `bytes`; one that no length ends, ends where the bytes do. */
export function parseAnswers(bytes: Buffer): RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let rest = bytes; rest.length > 0; ) {
    const end = rest.indexOf("\r\n\r\n");
    if (end === -1) break;
    const [statusLine = "", ...lines] = rest.subarray(0, end).toString("latin1").split("\r\n");
    const headers = new Headers();
    for (const line of lines) {
      const [, name = "", value = ""] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
      headers.append(name, value);
    }
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1]);
    const length = Number(headers.get("content-length") ?? 0);
    const body = rest.subarray(end + 4, end + 4 + length);
    if (body.length < length) break;
    if (status >= 200) answers.push({ status, headers, body: body.toString() });
    rest = rest.subarray(end + 4 + length);
  }
  return answers;
}

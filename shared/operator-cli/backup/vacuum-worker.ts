import { Database } from "bun:sqlite";

declare const self: Worker;

/** What {@link copyDatabase} asks of this thread. */
export interface CopyRequest {
  from: string;
  to: string;
}

/** `problems` of an integrity check of the copy, or why there is none. */
export type CopyAnswer = { problems: string[] } | { error: string };

self.onmessage = ({ data }: MessageEvent<CopyRequest>) => {
  let answer: CopyAnswer;
  try {
    answer = { problems: copy(data) };
  } catch (error) {
    answer = { error: error instanceof Error ? error.message : String(error) };
  }
  self.postMessage(answer);
  process.exit(0);
};

/** One read transaction: writers go on beside it, and the copy is of one moment. */
function copy({ from, to }: CopyRequest): string[] {
  const source = new Database(from, { readonly: true });
  source.run("PRAGMA busy_timeout = 5000");
  source.query("VACUUM INTO ?").run(to);
  source.close(true);
  const made = new Database(to, { readonly: true });
  const rows = made.query<{ integrity_check: string }, []>("PRAGMA integrity_check").all();
  made.close(true);
  return rows.map((row) => row.integrity_check).filter((text) => text !== "ok");
}

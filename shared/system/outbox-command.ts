import { join } from "node:path";
import { REPOSITORY } from "@order-outbox/testing";

/** Where the command finds the databases and the broker. */
export interface OutboxPlace {
  dataDir: string;
  /** Nobody listens there when it is left out. */
  kafkaHost?: string;
  /** `undefined` takes a variable away. */
  env?: Record<string, string | undefined>;
  cwd?: string;
  /** The copy of the repository whose command it is; this one. */
  root?: string;
}

/** Runs `bun run outbox` as a user does. */
export async function outbox(
  { dataDir, kafkaHost, env, cwd, root = REPOSITORY }: OutboxPlace,
  ...args: string[]
) {
  const child = Bun.spawn([process.execPath, join(root, "scripts/outbox.ts"), ...args], {
    env: { ...process.env, DATA_DIR: dataDir, KAFKA_HOST: kafkaHost ?? "127.0.0.1:1", ...env },
    ...(cwd === undefined ? {} : { cwd }),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, exitCode] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { out, err, exitCode };
}

/** The command's answer for machines; throws what it said when it gave none. */
export async function outboxJson<Answer>(place: OutboxPlace, ...args: string[]): Promise<Answer> {
  const { out, err } = await outbox(place, ...args, "--json");
  try {
    return JSON.parse(out) as Answer;
  } catch (cause) {
    throw new Error(`outbox ${args.join(" ")}: ${out}${err}`, { cause });
  }
}

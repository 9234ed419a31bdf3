import { join } from "node:path";

const SCRIPT = join(import.meta.dir, "../outbox.ts");

/** Runs the command as a user does. */
export async function outbox(where: { dataDir: string; kafkaHost?: string }, ...args: string[]) {
  const child = Bun.spawn([process.execPath, SCRIPT, ...args], {
    env: { ...process.env, DATA_DIR: where.dataDir, KAFKA_HOST: where.kafkaHost ?? "127.0.0.1:1" },
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

/** The answer for machines. */
export async function outboxJson<Answer>(
  where: { dataDir: string; kafkaHost?: string },
  ...args: string[]
): Promise<Answer> {
  const { out, err } = await outbox(where, ...args, "--json");
  try {
    return JSON.parse(out) as Answer;
  } catch (cause) {
    throw new Error(`outbox ${args.join(" ")}: ${out}${err}`, { cause });
  }
}

import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "@order-outbox/testing";

/** A commit to be measured against. */
export interface OtherTree {
  root: string;
  commit: string;
}

/**
 * Writes a commit's files into `folder` and installs what they need.
 *
 * @throws Error that says which step failed, and with what
 */
export async function writeOtherTree(ref: string, folder: string): Promise<OtherTree> {
  const commit = (
    await runStep(["git", "rev-parse", "--verify", "--short", `${ref}^{commit}`], REPOSITORY)
  ).trim();
  mkdirSync(folder, { recursive: true });
  const archive = `${folder}.tar`;
  await runStep(["git", "archive", "--output", archive, commit], REPOSITORY);
  await runStep(["tar", "-xf", archive, "-C", folder], REPOSITORY);
  if (!existsSync(join(folder, "services/order-service/src/main.ts"))) {
    throw new Error(`${ref} has no services/order-service/src/main.ts`);
  }
  await runStep([process.execPath, "install", "--frozen-lockfile"], folder);
  return { root: folder, commit };
}

async function runStep(command: string[], cwd: string): Promise<string> {
  const child = Bun.spawn(command, { cwd, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [output, complaints, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code !== 0) {
    throw new Error(`${command.slice(0, 2).join(" ")}: ${complaints.trim().split("\n").at(-1)}`);
  }
  return output;
}

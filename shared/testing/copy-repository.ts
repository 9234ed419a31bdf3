import { cpSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { REPOSITORY } from "./repository.ts";

/** Copies the repository's files as they are now, without what is installed or ignored. */
export async function copyRepository(to: string): Promise<void> {
  const listed = Bun.$`git ls-files --cached --others --exclude-standard -z`.cwd(REPOSITORY);
  for (const path of (await listed.text()).split("\0").filter(Boolean)) {
    mkdirSync(dirname(join(to, path)), { recursive: true });
    cpSync(join(REPOSITORY, path), join(to, path));
  }
}

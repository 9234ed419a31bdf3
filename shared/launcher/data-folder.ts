import { accessSync, constants, mkdirSync } from "node:fs";

/** Makes the folder of the data when it is missing; gives what is wrong when nothing can be kept there. */
export function prepareFolder(path: string): string | undefined {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return `${path} ${REASONS[code] ?? `cannot be used (${code})`}: set DATA_DIR to another folder`;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EEXIST: "is a file, not a folder",
  ENOTDIR: "lies in a file, not in a folder",
  EACCES: "may not be written by this user",
  EPERM: "may not be written by this user",
  EROFS: "is on a file system that is read-only",
  ENOSPC: "has no room: the disk is full",
};

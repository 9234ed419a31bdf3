import { cpSync } from "node:fs";
import { basename } from "node:path";
import { REPOSITORY } from "@order-outbox/testing";

const LEFT_OUT = ["node_modules", ".git", ".data"];

/** Copies the repository as it is now, without its history, and without what is installed or running. */
export function copyRepository(to: string): void {
  cpSync(REPOSITORY, to, {
    recursive: true,
    filter: (path) => !LEFT_OUT.includes(basename(path)),
  });
}
